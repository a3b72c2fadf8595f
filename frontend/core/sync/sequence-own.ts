/** Own entries of the log, once the server has told their sequence number. */
import type { MessageAck } from "#schema/protocol/message.ts";
import { keyEntryTable } from "../store/group-tables.ts";
import type { Transaction } from "../store/records.ts";
import {
  conversationTable,
  messageIdKey,
  messageIdTable,
  messageKey,
  messageTable,
  outboxKey,
  type OutboxRecord,
  outboxTable,
  type StoredMessage,
} from "../store/tables.ts";
import { withSequenced } from "./conversations.ts";
import { listKeyEntries, settleDue } from "./groups/own-key.ts";
import type { Self } from "./self.ts";

/** Stores an entry of the own log without content; nothing happens when that was done before. */
export async function sequenceKeyEntry(
  transaction: Transaction,
  self: Self,
  { conversationId, clientMessageId, seq, serverTimeMs }: MessageAck,
): Promise<void> {
  const conversation = await transaction.get(conversationTable, conversationId);
  if (conversation === undefined || seq <= conversation.cursor || conversation.ahead.includes(seq)) return;
  const sender = { account: self.account, device: self.deviceId };
  const content = { type: "nothing" } as const;
  transaction.insert(messageTable, messageKey(conversationId, seq), {
    conversationId,
    seq,
    sender,
    clientMessageId,
    serverTimeMs,
    content,
  });
  transaction.put(conversationTable, conversationId, withSequenced(conversation, seq, serverTimeMs));
}

/** Turns an outbox row into message `seq`; nothing happens when that was done before. */
export async function sequenceOwn(
  transaction: Transaction,
  self: Self,
  { conversationId, position }: OutboxRecord,
  seq: number,
  serverTimeMs: number,
): Promise<void> {
  const row = await transaction.get(outboxTable, outboxKey(conversationId, position));
  const conversation = await transaction.get(conversationTable, conversationId);
  if (row === undefined || conversation === undefined) return;
  const sender = { account: self.account, device: self.deviceId };
  transaction.delete(outboxTable, outboxKey(conversationId, position));
  for (const { key } of await listKeyEntries(transaction, conversationId, position)) {
    await transaction.get(keyEntryTable, key);
    transaction.delete(keyEntryTable, key);
  }
  if (row.settingsKey !== undefined) await settleDue(transaction, conversationId, row.settingsKey);
  transaction.insert(messageTable, messageKey(conversationId, seq), {
    conversationId,
    seq,
    sender,
    clientMessageId: row.clientMessageId,
    serverTimeMs,
    ...(row.isKeyEntry === true ? { content: { type: "nothing" } } : sentContent(row)),
  });
  transaction.insert(messageIdTable, messageIdKey(conversationId, sender, row.clientMessageId), { seq });
  transaction.put(conversationTable, conversationId, withSequenced(conversation, seq, serverTimeMs));
}

/** What was written, and what answers a retry for it. */
function sentContent(row: OutboxRecord): Pick<StoredMessage, "content" | "sent"> {
  const { text, attachments, bodyKey: key, bodyHash: hash, sentAtMs, devices = [], groupEpoch } = row;
  const to = groupEpoch === undefined ? { devices } : { devices: [], groupEpoch };
  const content =
    attachments === undefined
      ? { type: "text" as const, text }
      : { type: "attachments" as const, text, attachments };
  return { content, sent: { key, hash, sentAtMs, ...to } };
}
