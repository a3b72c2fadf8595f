/**
 * Every event a client may send as text, by channel, one to a frame. Parsed strictly: an unknown key or type is `malformed`.
 * Messages go up in binary frames (send-frame.ts).
 */
import * as v from "valibot";
import { conversationResumeSchema } from "./conversation.ts";
import { deviceAckSchema, deviceSendSchema, inboxResumeSchema } from "./inbox.ts";
import { presenceGetSchema } from "./presence.ts";
import { messageDeliveredSchema, messageReadSchema } from "./receipt.ts";
import { typingUpSchema } from "./typing.ts";

/** On `/ws/conversations/:id`, besides messages. Each frame repeats its conversation id; another one's is refused. */
export const conversationUpSchema = v.variant("type", [
  messageDeliveredSchema,
  messageReadSchema,
  conversationResumeSchema,
  typingUpSchema,
]);

export type ConversationUp = v.InferOutput<typeof conversationUpSchema>;

/** On `/ws/inbox`. Receipts are taken here too, for conversations that have no socket of their own open. */
export const inboxUpSchema = v.variant("type", [
  inboxResumeSchema,
  messageDeliveredSchema,
  messageReadSchema,
  deviceSendSchema,
  deviceAckSchema,
  presenceGetSchema,
]);
