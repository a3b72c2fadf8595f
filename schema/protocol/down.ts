/**
 * Every event a server may send, on either channel. A frame is one event, or `{"type":"batch","events":[…]}` with
 * the events of one flush in order. Clients parse tolerantly: unknown keys and unknown types are ignored.
 */
import * as v from "valibot";
import { errorFrameSchema, pongSchema } from "./control.ts";
import { conversationResumedSchema, conversationUpdateSchema } from "./conversation.ts";
import {
  accountPasswordSchema,
  accountResetSchema,
  deviceMessageSchema,
  devicesChangedSchema,
  deviceSentSchema,
  groupJoinsSchema,
  inboxStateSchema,
  prekeyStockSchema,
  profileCopiedSchema,
} from "./inbox.ts";
import { messageAckSchema, messageNewSchema, messageRefusedSchema } from "./message.ts";
import { presenceStateSchema } from "./presence.ts";
import { receiptLowSchema, receiptSchema } from "./receipt.ts";
import { typingDownSchema } from "./typing.ts";

export const downEventSchema = v.variant("type", [
  messageNewSchema,
  messageAckSchema,
  messageRefusedSchema,
  receiptSchema,
  receiptLowSchema,
  typingDownSchema,
  conversationResumedSchema,
  conversationUpdateSchema,
  inboxStateSchema,
  deviceSentSchema,
  deviceMessageSchema,
  devicesChangedSchema,
  prekeyStockSchema,
  accountResetSchema,
  accountPasswordSchema,
  profileCopiedSchema,
  groupJoinsSchema,
  presenceStateSchema,
  pongSchema,
  errorFrameSchema,
]);
export type DownEvent = v.InferOutput<typeof downEventSchema>;

export const batchSchema = v.looseObject({ type: v.literal("batch"), events: v.array(v.unknown()) });
