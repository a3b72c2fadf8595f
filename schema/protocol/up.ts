/** Every frame a client may send, by channel. Parsed strictly: an unknown key or type is `malformed`. */
import * as v from "valibot";
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

/** On `/ws/inbox`. Receipts are taken here too, for conversations that have no socket of their own open. */
export const inboxUpSchema = v.variant("type", [
  inboxResumeSchema,
  messageDeliveredSchema,
  messageReadSchema,
  deviceSendSchema,
  deviceAckSchema,
  presenceGetSchema,
]);
