/** Delivered and read watermarks: "everything up to and including this sequence number". They only move forward. */
import * as v from "valibot";
import { accountIdSchema, conversationIdSchema, sequenceSchema } from "../ids.ts";

/** Up: this device has decrypted and stored everything up to `seq`; its capsules up to there may go. */
export const messageDeliveredSchema = v.strictObject({
  type: v.literal("message:delivered"),
  conversationId: conversationIdSchema,
  seq: sequenceSchema,
});

/** Up: the person has seen everything up to `seq`. */
export const messageReadSchema = v.strictObject({
  type: v.literal("message:read"),
  conversationId: conversationIdSchema,
  seq: sequenceSchema,
});

/** Down: an account's watermarks. `delivered` is that of its furthest device, `read` that of the person. */
export const receiptSchema = v.looseObject({
  type: v.literal("receipt"),
  conversationId: conversationIdSchema,
  account: accountIdSchema,
  delivered: sequenceSchema,
  read: sequenceSchema,
});
/** The lowest watermark with whose it is, and the one after it: each member leaves itself out. */
const lowestSchema = v.looseObject({
  account: accountIdSchema,
  seq: sequenceSchema,
  /** The lowest of all other accounts; missing when there are none. */
  next: v.optional(sequenceSchema),
});

/**
 * Down, in groups, in place of every member's `receipt`: up to here everyone has it, everyone has read it. For a sender that is
 * `next` where `account` is its own, `seq` otherwise. Who exactly has a message is asked for by message.
 */
export const receiptLowSchema = v.looseObject({
  type: v.literal("receipt:low"),
  conversationId: conversationIdSchema,
  delivered: lowestSchema,
  read: lowestSchema,
});
export type Lowest = {
  readonly account: v.InferOutput<typeof accountIdSchema>;
  readonly seq: number;
  readonly next?: number;
};
export type LowWatermarks = { readonly delivered: Lowest; readonly read: Lowest };

export type Receipt = v.InferOutput<typeof receiptSchema>;
export type ReceiptLow = v.InferOutput<typeof receiptLowSchema>;
