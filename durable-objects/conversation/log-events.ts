/**
 * The log as clients see it, serialised once per message: only the capsule differs between devices. What is joined here by hand
 * is identifiers, base64url and numbers, which JSON leaves as they are; looking at every character for what does not is most
 * of the work of a serialiser.
 */
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
  const { seq, senderAccount, senderDevice, clientMessageId, serverTimeMs, body } = message;
  const place = `{"type":"message:new","conversationId":"${conversationId}","seq":${seq}`;
  const sender = `"sender":{"account":"${senderAccount}","device":${senderDevice}}`;
  return `${place},${sender},"clientMessageId":"${clientMessageId}","serverTimeMs":${serverTimeMs},"body":"${body}"`;
}

export function finishMessage(open: string, capsule: string | null | undefined): string {
  return capsule === undefined || capsule === null ? `${open}}` : `${open},"capsule":"${capsule}"}`;
}

export function ackEvent(conversationId: ConversationId, message: StoredMessage): string {
  const { clientMessageId, seq, serverTimeMs } = message;
  const place = `{"type":"message:ack","conversationId":"${conversationId}","clientMessageId":"${clientMessageId}"`;
  return `${place},"seq":${seq},"serverTimeMs":${serverTimeMs}}`;
}

export function receiptEvent(conversationId: ConversationId, watermarks: Watermarks): string {
  return serialise({ type: "receipt", conversationId, ...watermarks });
}
