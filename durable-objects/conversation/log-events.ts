/** The log as clients see it, serialised once per message: only the capsule differs between devices. */
import type { Watermarks } from "#schema/rpc/shared.ts";
import type { ConversationId } from "#schema/ids.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import { serialise } from "../support/frames.ts";
import type { StoredMessage } from "./store.ts";

export function recordOf(conversationId: ConversationId, message: StoredMessage): MessageRecord {
  return {
    conversationId,
    seq: message.seq,
    sender: { account: message.senderAccount, device: message.senderDevice },
    clientMessageId: message.clientMessageId,
    serverTimeMs: message.serverTimeMs,
    body: message.body,
  };
}

/** A `message:new` event without its end, to be finished for each device by `finishMessage`. */
export function openMessage(conversationId: ConversationId, message: StoredMessage): string {
  return serialise({ type: "message:new", ...recordOf(conversationId, message) }).slice(0, -1);
}

/** Capsules are base64url, which JSON leaves as it is. */
export function finishMessage(open: string, capsule: string | null | undefined): string {
  return capsule === undefined || capsule === null ? `${open}}` : `${open},"capsule":"${capsule}"}`;
}

export function ackEvent(conversationId: ConversationId, message: StoredMessage): string {
  return serialise({
    type: "message:ack",
    conversationId,
    clientMessageId: message.clientMessageId,
    seq: message.seq,
    serverTimeMs: message.serverTimeMs,
  });
}

export function receiptEvent(conversationId: ConversationId, watermarks: Watermarks): string {
  return serialise({ type: "receipt", conversationId, ...watermarks });
}
