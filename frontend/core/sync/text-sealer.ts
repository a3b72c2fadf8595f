/** Makes texts durable in the outbox with their sealed bodies; texts of one moment share one commit. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import type { ClientMessageId, ConversationId } from "#schema/ids.ts";
import { toPointer } from "../attachments/stored-attachment.ts";
import { sealBody } from "../crypto/body.ts";
import type { OutgoingContent } from "../crypto/content.ts";
import type { Records, Transaction } from "../store/records.ts";
import {
  conversationTable,
  outboxKey,
  type OutboxRecord,
  outboxTable,
  type StoredAttachment,
} from "../store/tables.ts";
import { Pump } from "./lane.ts";
import { createMessageId, type Self } from "./self.ts";

/** Texts in one commit; more would hold up everything else for too long. */
const batchMax = 128;

interface Wish {
  readonly conversationId: ConversationId;
  readonly text: string;
  readonly resolve: (id: ClientMessageId) => void;
  readonly reject: (error: unknown) => void;
}

/** Returns the function that writes one text; it rejects with `StoreError`, or `SottoError` `not_found`. */
export function createTextSealer(
  records: Records,
  self: Self,
): (conversationId: ConversationId, text: string) => Promise<ClientMessageId> {
  const wishes: Wish[] = [];
  const pump = new Pump(async () => {
    while (wishes.length > 0) {
      const batch = wishes.splice(0, batchMax);
      try {
        const rows = await records.transact((transaction) => writeRows(transaction, self, batch));
        for (const [index, { resolve }] of batch.entries()) resolve(rows[index]!.clientMessageId);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  });
  return (conversationId, text) =>
    new Promise((resolve, reject) => {
      wishes.push({ conversationId, text, resolve, reject });
      void pump.request();
    });
}

async function writeRows(
  transaction: Transaction,
  self: Self,
  batch: readonly Wish[],
): Promise<OutboxRecord[]> {
  const rows: OutboxRecord[] = [];
  for (const { conversationId, text } of batch) {
    const clientMessageId = createMessageId(self.provider);
    rows.push(await writeOwnMessage(transaction, self, { conversationId, clientMessageId, text }));
  }
  return rows;
}

export interface OwnMessage {
  readonly conversationId: ConversationId;
  readonly clientMessageId: ClientMessageId;
  readonly text: string;
  /** Uploaded already. */
  readonly attachments?: readonly StoredAttachment[];
}

/** Puts a message at the end of the outbox. Throws `SottoError` `not_found`. */
export async function writeOwnMessage(
  transaction: Transaction,
  self: Self,
  message: OwnMessage,
): Promise<OutboxRecord> {
  const { conversationId } = message;
  const conversation = await transaction.get(conversationTable, conversationId);
  if (conversation === undefined) throw new SottoError("not_found", "There is no such conversation.");
  const position = conversation.nextPosition;
  transaction.put(conversationTable, conversationId, { ...conversation, nextPosition: position + 1 });
  const row =
    conversation.group === undefined
      ? sealMessage(self, position, message)
      : unsealedRow(self, position, message);
  transaction.insert(outboxTable, outboxKey(conversationId, position), row);
  return row;
}

/** In a group a message is sealed with its frame, under the sender key of that moment. */
function unsealedRow(self: Self, position: number, message: OwnMessage): OutboxRecord {
  return { ...message, position, sentAtMs: self.nowMs(), body: "", bodyKey: "", bodyHash: "" };
}

/** Stages an outbox row that hands the sender key of a group to whoever lacks it. */
export async function writeKeyEntry(
  transaction: Transaction,
  self: Self,
  conversationId: ConversationId,
): Promise<void> {
  const conversation = await transaction.get(conversationTable, conversationId);
  if (conversation === undefined) return;
  const position = conversation.nextPosition;
  transaction.put(conversationTable, conversationId, { ...conversation, nextPosition: position + 1 });
  const clientMessageId = createMessageId(self.provider);
  const row = unsealedRow(self, position, { conversationId, clientMessageId, text: "" });
  transaction.insert(outboxTable, outboxKey(conversationId, position), { ...row, isKeyEntry: true });
}

/** What a message says, as it is sealed. */
export function payloadOf({
  text,
  attachments,
}: Pick<OwnMessage, "text" | "attachments">): OutgoingContent["payload"] {
  return attachments === undefined
    ? { type: "text", text }
    : { type: "attachments", text, attachments: attachments.map(toPointer) };
}

function sealMessage(self: Self, position: number, message: OwnMessage): OutboxRecord {
  const { conversationId, clientMessageId, text, attachments } = message;
  const sentAtMs = self.nowMs();
  const sealed = sealBody(self.provider, {
    conversationId: decodeBase64url(conversationId),
    clientMsgId: decodeBase64url(clientMessageId),
    senderAccountId: self.own.cert.accountId,
    senderDeviceId: self.deviceId,
    sentAtMs,
    payload: payloadOf(message),
  });
  return {
    conversationId,
    clientMessageId,
    position,
    text,
    ...(attachments !== undefined && { attachments }),
    sentAtMs,
    body: encodeBase64url(sealed.body),
    bodyKey: encodeBase64url(sealed.bodyKey),
    bodyHash: encodeBase64url(sealed.bodyHash),
  };
}
