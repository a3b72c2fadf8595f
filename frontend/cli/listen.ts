/** `sotto listen` and `sotto history`. */
import type { Client } from "#core/client.ts";
import type { ConversationView, MessageView } from "#core/client-api.ts";
import { Pump } from "#core/sync/lane.ts";
import type { ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import { warn } from "./reset.ts";

const quietMs = 200;

/** Prints messages of others that were not read before, marks them read, stops after `--count`. */
export async function listen(client: Client, { count, from, json }: Arguments): Promise<number> {
  const printedUpTo = new Map<ConversationId, number>();
  let left = count;

  const look = async (): Promise<void> => {
    for (const conversation of await client.listConversations()) {
      if (left === 0 || (from !== undefined && nameOf(conversation) !== from)) continue;
      const { conversationId, readSeq } = conversation;
      const after = Math.max(readSeq, printedUpTo.get(conversationId) ?? 0);
      const news = await readAfter(client, conversationId, after);
      let last = after;
      for (const message of news) {
        if (left === 0) break;
        if (message.content.type === "unreadable" && message.content.reason === "waiting") break;
        last = message.seq ?? last;
        if (message.mine || message.content.type === "group_change") continue;
        print(conversation, message, json);
        left -= 1;
      }
      if (last === after) continue;
      printedUpTo.set(conversationId, last);
      await client.markRead(conversationId, last);
    }
  };
  return new Promise((resolve, reject) => {
    const pump = new Pump(async () => {
      try {
        await look();
        if (left === 0) setTimeout(() => resolve(0), quietMs); // lets the receipts leave
      } catch (error) {
        reject(error);
      }
    });
    const run = () => void pump.request();
    client.subscribe((event) => {
      if (event.type === "account" && event.status.state === "ended")
        reject(new Error("the session was ended"));
      if (event.type === "alarms") warn(client).catch(reject);
      if (event.type === "messages" || event.type === "conversations") run();
    });
    process.once("SIGINT", () => resolve(0));
    process.once("SIGTERM", () => resolve(0));
    run();
  });
}

export async function history(client: Client, { rest, json }: Arguments): Promise<number> {
  const [wanted] = rest;
  if (wanted === undefined) throw new UsageError("history <username or group>");
  const all = await client.listConversations();
  const names = [wanted.toLowerCase(), wanted];
  const conversation = all.find((one) => names.includes(nameOf(one)) || one.conversationId === wanted);
  if (conversation === undefined) return 0;
  for (const message of await readAfter(client, conversation.conversationId, 0))
    print(conversation, message, json);
  return 0;
}

/** Every stored message after `seq`, ascending. */
async function readAfter(
  client: Client,
  conversationId: ConversationId,
  seq: number,
): Promise<MessageView[]> {
  const found: MessageView[] = [];
  for (let before: number | undefined; ; before = found[0]?.seq) {
    const limit = limits.pageMax * 10;
    const page = await client.listMessages(conversationId, {
      limit,
      ...(before !== undefined && { before }),
    });
    const fresh = page.messages.filter((message) => message.seq !== undefined && message.seq > seq);
    found.unshift(...fresh);
    if (fresh.length < page.messages.length || !page.hasOlder || page.messages.length === 0) return found;
    if ((found[0]?.seq ?? 0) <= seq + 1) return found;
  }
}

function print(conversation: ConversationView, message: MessageView, json: boolean): void {
  const { content, seq, timeMs, mine, delivery } = message;
  const text = content.type === "text" || content.type === "attachments" ? content.text : undefined;
  const files = content.type === "attachments" ? content.attachments.map(({ name }) => name) : [];
  const change = content.type === "group_change" ? content.change : undefined;
  const said = change === undefined ? (text ?? "(not readable on this device)") : `(${change.type})`;
  const via = message.sharedBy?.username;
  const from = mine ? "me" : message.senderName;
  const extra = files.length > 0 ? { files } : {};
  const line = json
    ? JSON.stringify({ with: nameOf(conversation), from, seq, timeMs, text, change, delivery, via, ...extra })
    : `${new Date(timeMs).toISOString()} ${from}${via === undefined ? "" : ` via ${via}`}: ${[...files.map((name) => `[${name}]`), said].join(" ")}`;
  process.stdout.write(`${line}\n`);
}

function nameOf(conversation: ConversationView): string {
  return conversation.kind === "direct" ? conversation.peer.username : conversation.title;
}
