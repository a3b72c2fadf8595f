/** Asking for a capsule again when a message did not open (CRYPTO 2.8). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { RetryReason } from "#schema/envelope/retry-envelope.ts";
import type { ConversationId } from "#schema/ids.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import { signRetry } from "../crypto/retry.ts";
import type { Transaction } from "../store/records.ts";
import {
  conversationTable,
  type DeviceOutboxRecord,
  deviceOutboxTable,
  messageKey,
  type RetryRecord,
  retryTable,
} from "../store/tables.ts";
import { createMessageId, type Self } from "./self.ts";

/** Requests and answers per message (CRYPTO 2.8). */
export const retriesMax = 5;
export const retryPauseMs = 3_600_000;

/**
 * Stages a signed retry request to the sender's device. The same envelope is asked about once, so that a server that
 * repeats it cannot make two clients answer each other for ever; a message is asked about at most five times.
 */
export async function askAgain(
  transaction: Transaction,
  self: Self,
  message: MessageRecord,
  reason: RetryReason,
): Promise<void> {
  const { conversationId, clientMessageId, seq, sender, capsule, body } = message;
  const envelopeHash = self.provider.sha256(decodeBase64urlOr(capsule ?? body));
  const key = `asked/${messageKey(conversationId, seq)}`;
  const before = await transaction.get(retryTable, key);
  const after = tryCountRetry(before, encodeBase64url(envelopeHash), self.nowMs());
  if (after === undefined) return;
  const request = signRetry(
    self.provider,
    self.own,
    { accountId: decodeBase64url(sender.account), deviceId: sender.device },
    {
      reason,
      conversationId: decodeBase64url(conversationId),
      clientMsgId: decodeBase64url(clientMessageId),
      envelopeHash,
    },
  );
  const id = createMessageId(self.provider);
  transaction.put(retryTable, key, after);
  transaction.insert(deviceOutboxTable, id, {
    id,
    account: sender.account,
    device: sender.device,
    data: encodeBase64url(request),
    ...(await groupOf(transaction, conversationId)),
  });
}

/** Whether a thing that is done once an hour may be done again. */
export function isHourOver(before: { readonly atMs: number } | undefined, nowMs: number): boolean {
  return before === undefined || nowMs - before.atMs >= retryPauseMs;
}

/** To-device messages between members who may have no direct conversation name their group. */
export async function groupOf(
  transaction: Transaction,
  conversationId: ConversationId,
): Promise<Pick<DeviceOutboxRecord, "group">> {
  const conversation = await transaction.get(conversationTable, conversationId);
  return conversation?.group === undefined ? {} : { group: conversationId };
}

/**
 * The record with one retry more, or undefined when this envelope was dealt with within the hour (a repair may be lost,
 * and new sessions are rationed by the hour), or when there were enough.
 */
export function tryCountRetry(
  before: RetryRecord | undefined,
  hash: string,
  nowMs: number,
): RetryRecord | undefined {
  const { count = 0, lastAtMs = 0, hashes = [] } = before ?? {};
  const isKnown = hashes.includes(hash);
  if (count >= retriesMax || (isKnown && nowMs - lastAtMs < retryPauseMs)) return undefined;
  return { count: count + 1, lastAtMs: nowMs, hashes: isKnown ? hashes : [...hashes, hash] };
}

/** What the server sent, even when it is not base64url: it only has to be told apart from other envelopes. */
function decodeBase64urlOr(text: string): Uint8Array {
  try {
    return decodeBase64url(text);
  } catch {
    return new TextEncoder().encode(text);
  }
}
