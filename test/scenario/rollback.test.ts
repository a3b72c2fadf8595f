/**
 * A device whose disk is put back to an earlier state, as a restored backup or a cloned machine does. Nothing notices
 * that today (attack 38). What must hold all the same: the others lose nothing and see nothing twice, nobody is shown a
 * text that was not written there, and the device itself ends with the whole conversation.
 */
import { afterAll, expect, test } from "vitest";
import type { MessageView } from "#core/client-api.ts";
import type { ConversationId } from "#schema/ids.ts";
import { RollbackStore } from "../support/client/rollback-store.ts";
import {
  allMessages,
  eventually,
  type LivePerson,
  reopen,
  signUp,
  testStorage,
  textOf,
} from "../support/people.ts";
import { startServer } from "../support/server.ts";

const server = await startServer();
const people = new Set<LivePerson>();
afterAll(async () => {
  await Promise.all([...people].map(({ client }) => client.close()));
  await server.close();
});

interface Pair {
  readonly store: RollbackStore;
  /** Whose disk is put back. */
  restored: LivePerson;
  readonly other: LivePerson;
  readonly conversationId: ConversationId;
}

async function pair(name: string): Promise<Pair> {
  const store = new RollbackStore();
  const restored = await signUp(server.origin, `${name}.restored`, { storage: testStorage(store) });
  const other = await signUp(server.origin, `${name}.other`);
  people.add(restored).add(other);
  const { conversationId } = await restored.client.startConversation(other.username);
  await other.client.startConversation(restored.username);
  return { store, restored, other, conversationId };
}

async function putBack(pair: Pair): Promise<void> {
  await pair.restored.client.close();
  people.delete(pair.restored);
  await pair.store.putBack();
  pair.restored = await reopen(server.origin, pair.restored);
  people.add(pair.restored);
}

async function say(
  { client }: LivePerson,
  conversationId: ConversationId,
  texts: readonly string[],
): Promise<void> {
  for (const text of texts) await client.sendText(conversationId, text);
}

/** Waits until everything the person has is in its place, and until `isDone`. */
function arrived(
  { client, username }: LivePerson,
  conversationId: ConversationId,
  count: number,
  isDone: (messages: readonly MessageView[]) => boolean,
): Promise<MessageView[]> {
  return eventually(`${username} has ${count}`, async () => {
    const messages = await allMessages(client, conversationId);
    return (
      messages.length === count &&
      messages.every(({ seq }) => seq !== undefined) &&
      isDone(messages) &&
      messages
    );
  });
}

const isReadable = ({ content }: MessageView): boolean => content.type === "text";
const allReadable = (messages: readonly MessageView[]): boolean => messages.every(isReadable);

const said = (label: string): string[] => ["one", "two", "three"].map((number) => `${label} ${number}`);

/** Each person's texts in their order, from a view in which everything is readable. */
function textsOf(messages: readonly MessageView[], mine: boolean): string[] {
  return messages.filter((message) => message.mine === mine).map(textOf);
}

/** What is readable in `own` is what the same message says in `theirs`. */
function expectNothingWrong(own: readonly MessageView[], theirs: readonly MessageView[]): void {
  const key = ({ seq, clientMessageId, sender }: MessageView) => [seq, clientMessageId, sender];
  expect(own.map(key)).toEqual(theirs.map(key));
  for (const [index, message] of own.entries()) {
    if (isReadable(message)) expect(textOf(message)).toBe(textOf(theirs[index]!));
  }
}

test("[CV81] a sender's disk that was put back costs the other nothing, and new messages are readable both ways", async () => {
  const stage = await pair("sender");
  const { store, other, conversationId } = stage;
  await say(stage.restored, conversationId, said("before"));
  await say(other, conversationId, said("answer"));
  await arrived(stage.restored, conversationId, 6, allReadable);
  store.copy();
  await say(stage.restored, conversationId, said("forgotten"));
  await arrived(other, conversationId, 9, allReadable);

  await putBack(stage);
  await say(stage.restored, conversationId, said("after"));
  const theirs = await arrived(other, conversationId, 12, allReadable);
  expect(textsOf(theirs, false)).toEqual([...said("before"), ...said("forgotten"), ...said("after")]);
  await say(other, conversationId, ["the end"]);
  const own = await arrived(stage.restored, conversationId, 13, (messages) =>
    messages.slice(9).every(isReadable),
  );
  expectNothingWrong(own, await arrived(other, conversationId, 13, allReadable));
  // It has sent these itself, so nobody made a capsule of them for it.
  expect(own.slice(6, 9).map(textOf)).toEqual(["[broken]", "[broken]", "[broken]"]);
}, 120_000);

test("[CV81] a reader's disk that was put back gets again what it had forgotten", async () => {
  const stage = await pair("reader");
  const { store, other, conversationId } = stage;
  await say(other, conversationId, said("before"));
  await say(stage.restored, conversationId, said("answer"));
  await arrived(stage.restored, conversationId, 6, allReadable);
  store.copy();
  await say(other, conversationId, said("read"));
  await arrived(stage.restored, conversationId, 9, allReadable);

  await putBack(stage);
  await say(other, conversationId, said("after"));
  await say(stage.restored, conversationId, said("last"));
  const theirs = await arrived(other, conversationId, 15, allReadable);
  const own = await arrived(stage.restored, conversationId, 15, allReadable);
  expectNothingWrong(own, theirs);
  expect(textsOf(own, false)).toEqual([...said("before"), ...said("read"), ...said("after")]);
  expect(textsOf(own, true)).toEqual([...said("answer"), ...said("last")]);
}, 120_000);
