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
export type Receipt = v.InferOutput<typeof receiptSchema>;
