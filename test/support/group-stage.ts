/** People of one group as real clients of the real server: what scenarios about groups are told with. */
import { expect } from "vitest";
import type { GroupConversationView, MessageView } from "#core/client-api.ts";
import type { Client } from "#core/client.ts";
import type { ConversationId } from "#schema/ids.ts";
import { textOf } from "./client/people.ts";
import { allMessages, eventually, type LivePerson } from "./people.ts";

/** What the log of a group says to someone: texts with who wrote them, changes with who made them. */
export async function said(client: Client, conversationId: ConversationId): Promise<string[]> {
  return (await allMessages(client, conversationId)).map(lineOf);
}

function lineOf(message: MessageView): string {
  const { content, senderName } = message;
  if (content.type !== "group_change") return `${senderName}: ${textOf(message)}`;
  const { change } = content;
  switch (change.type) {
    case "added":
    case "created":
    case "removed":
      return `${senderName} ${change.type} ${change.people
        .map(({ username }) => username)
        .toSorted()
        .join(", ")}${"sharedMessages" in change ? ` with ${change.sharedMessages}` : ""}`;
    case "left":
      return `${senderName} left${change.heir === undefined ? "" : ` to ${change.heir.username}`}`;
    case "role":
      return `${senderName} made ${change.person.username} ${change.role}`;
    case "renamed":
      return `${senderName} renamed ${change.title ?? "?"}`;
    case "picture":
      return `${senderName} ${change.isSet ? "changed" : "removed"} the picture`;
    case "link":
      return `${senderName} link ${change.isOn ? "on" : "off"}`;
    case "link_terms":
      return `${senderName} link ${change.needsApproval ? "asks" : "open"}`;
    case "joined":
      return `${senderName} joined`;
    case "dissolved":
      return `${senderName} dissolved`;
  }
}

export async function groupView(
  client: Client,
  conversationId: ConversationId,
): Promise<GroupConversationView | undefined> {
  const all = await client.listConversations();
  const view = all.find((one) => one.conversationId === conversationId);
  return view?.kind === "group" ? view : undefined;
}

/** Waits until everyone's newest line is `line`. */
export async function everyoneHas(
  people: readonly LivePerson[],
  conversationId: ConversationId,
  line: string,
): Promise<void> {
  await Promise.all(
    people.map(async ({ username, client }) => {
      let last: string[] = [];
      await eventually(`${username} has "${line}"`, async () => {
        last =
          (await groupView(client, conversationId)) === undefined ? [] : await said(client, conversationId);
        return last.at(-1) === line;
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}; the last lines are ${JSON.stringify(last.slice(-4))}`);
      });
    }),
  );
}

/** The account id of a member. */
export async function accountIn(client: Client, conversationId: ConversationId, username: string) {
  const { members } = await client.group(conversationId);
  const found = members.find((member) => member.username === username);
  if (found === undefined) throw new Error(`${username} is not in the group`);
  return found.account;
}

/** Waits until a group's log says exactly `lines`; fails with what it says instead. */
export async function shows(client: Client, id: ConversationId, lines: readonly string[]): Promise<void> {
  let last: string[] = [];
  await eventually(`${lines.length} lines`, async () => {
    last = (await groupView(client, id)) === undefined ? [] : await said(client, id);
    return JSON.stringify(last) === JSON.stringify(lines);
  }).catch(() => expect(last).toEqual(lines));
}
