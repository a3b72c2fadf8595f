/**
 * Every event a client may send, by channel. A frame is one event, or on a conversation's channel
 * `{"type":"batch","events":[…]}` with up to `eventsPerFrame` of them: each is then taken and answered as if it had
 * come alone. Parsed strictly: an unknown key or type is `malformed`.
 */
import * as v from "valibot";
import { limits } from "../limits.ts";
import { conversationResumeSchema } from "./conversation.ts";
import { deviceAckSchema, deviceSendSchema, inboxResumeSchema } from "./inbox.ts";
import { messageSendSchema } from "./message.ts";
import { presenceGetSchema } from "./presence.ts";
import { messageDeliveredSchema, messageReadSchema } from "./receipt.ts";
import { typingUpSchema } from "./typing.ts";

/** On `/ws/conversations/:id`. Each frame repeats its conversation id; another one's is refused. */
export const conversationUpSchema = v.variant("type", [
  messageSendSchema,
  messageDeliveredSchema,
  messageReadSchema,
  conversationResumeSchema,
  typingUpSchema,
]);

export type ConversationUp = v.InferOutput<typeof conversationUpSchema>;

export const upBatchSchema = v.strictObject({
  type: v.literal("batch"),
  events: v.pipe(v.array(v.unknown()), v.minLength(1), v.maxLength(limits.eventsPerFrame)),
});

/** On `/ws/inbox`. Receipts are taken here too, for conversations that have no socket of their own open. */
export const inboxUpSchema = v.variant("type", [
  inboxResumeSchema,
  messageDeliveredSchema,
  messageReadSchema,
  deviceSendSchema,
  deviceAckSchema,
  presenceGetSchema,
]);
