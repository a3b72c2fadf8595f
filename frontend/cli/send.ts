/** `sotto send`: waits until every message is acknowledged, and says how fast that went. */
import { createInterface } from "node:readline";
import type { Client } from "#core/client.ts";
import type { ClientMessageId, ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { type Arguments, UsageError } from "./arguments.ts";

/** Lines handed over at once; they share commits. */
const chunk = 256;

export async function send(client: Client, { rest, lines }: Arguments): Promise<number> {
  const [username, ...words] = rest;
  if (username === undefined || (!lines && words.length === 0))
    throw new UsageError("send <username> <text>");
  const { conversationId } = await client.startConversation(username);
  return sendTo(client, conversationId, lines ? undefined : words.join(" "));
}

/** Sends a text, or without one the lines of standard input. Resolves with the exit code. */
export async function sendTo(
  client: Client,
  conversationId: ConversationId,
  only: string | undefined,
): Promise<number> {
  await client.openConversation(conversationId);
  const startedAtMs = performance.now();
  let sent = 0;
  for await (const texts of only === undefined ? readChunks() : [[only]]) {
    await Promise.all(texts.map((text) => client.sendText(conversationId, text)));
    sent += texts.length;
  }
  const failed = await outboxEmpty(client, conversationId);
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const rate = (sent / seconds).toFixed(1);
  process.stderr.write(`${sent - failed} acknowledged in ${seconds.toFixed(2)} s, ${rate} messages/s\n`);
  if (failed > 0) process.stderr.write(`${failed} refused\n`);
  return failed === 0 ? 0 : 1;
}

async function* readChunks(): AsyncGenerator<string[]> {
  let texts: string[] = [];
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.length > 0) texts.push(line);
    if (texts.length < chunk) continue;
    yield texts;
    texts = [];
  }
  if (texts.length > 0) yield texts;
}

/** Resolves when nothing is pending; failed messages are removed and counted. */
function outboxEmpty(client: Client, conversationId: ConversationId): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = new Set<ClientMessageId>();
    const look = async () => {
      const { messages } = await client.listMessages(conversationId, { limit: limits.pageMax });
      for (const { delivery, clientMessageId } of messages) {
        if (delivery !== "failed") continue;
        failed.add(clientMessageId);
        await client.discardMessage(conversationId, clientMessageId);
      }
      if (messages.some(({ delivery }) => delivery === "pending" || delivery === "failed")) return;
      unsubscribe();
      resolve(failed.size);
    };
    const unsubscribe = client.subscribe((event) => {
      if (event.type === "account" && event.status.state === "ended")
        reject(new Error("the session was ended"));
      if (event.type === "messages") look().catch(reject);
    });
    look().catch(reject);
  });
}
