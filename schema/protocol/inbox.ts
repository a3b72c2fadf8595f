/** The always-on channel of a device: conversation summaries, to-device messages, session and device events. */
import * as v from "valibot";
import {
  accountIdSchema,
  base64UrlOf,
  base64UrlUpTo,
  clientMessageIdSchema,
  conversationIdSchema,
  deviceAddressSchema,
  deviceIdSchema,
  timestampMsSchema,
} from "../ids.ts";
import { limits } from "../limits.ts";
import { conversationSummarySchema } from "./conversation.ts";

/**
 * Up, first frame on an inbox socket. `profile` names the device's store and how often it has connected: made durable there before it is
 * sent, so that an epoch comes twice only from a store that was put back or copied.
 */
export const inboxResumeSchema = v.strictObject({
  type: v.literal("inbox:resume"),
  profile: v.optional(
    v.strictObject({
      id: base64UrlOf(16),
      epoch: v.pipe(v.number(), v.integer(), v.minValue(1)),
    }),
  ),
});
export type ProfileEpoch = NonNullable<v.InferOutput<typeof inboxResumeSchema>["profile"]>;

/**
 * Down, before the answer to a resume. `epoch_behind`: two states of this store were in use; it takes new keys before it seals anything
 * and comes again under a new id. `elsewhere`: another copy has been connecting as this device since this one last did.
 */
export const profileCopiedSchema = v.looseObject({
  type: v.literal("profile:copied"),
  reason: v.picklist(["epoch_behind", "elsewhere"]),
});

/** Somebody with the password asked to reset the account; it can be carried out from `effectiveAtMs` on. */
export const pendingResetSchema = v.looseObject({
  requestedAtMs: timestampMsSchema,
  effectiveAtMs: timestampMsSchema,
});

/** Down: all summaries, newest first, in as many frames as it takes; `more` is false on the last. */
export const inboxStateSchema = v.looseObject({
  type: v.literal("inbox:state"),
  conversations: v.array(conversationSummarySchema),
  more: v.boolean(),
  /** Absent: nobody asks for a reset. */
  reset: v.optional(pendingResetSchema),
});

/** Down to every device of the account: a reset was asked for, or (without `reset`) no longer is. */
export const accountResetSchema = v.looseObject({
  type: v.literal("account:reset"),
  reset: v.optional(pendingResetSchema),
});

/** Down to every device of the account: the password was changed, from `device`. Comes again with every resume. */
export const accountPasswordSchema = v.looseObject({
  type: v.literal("account:password"),
  changedAtMs: timestampMsSchema,
  device: deviceIdSchema,
});
export type PasswordChange = Pick<v.InferOutput<typeof accountPasswordSchema>, "changedAtMs" | "device">;

/**
 * Down: who asks to be let into this group has changed, for its admins; or, for who asked, an answer is there. Says no more than that: the routes do.
 */
export const groupJoinsSchema = v.looseObject({
  type: v.literal("group:joins"),
  conversationId: conversationIdSchema,
});

/** Up: one sealed to-device message (CRYPTO 2.8). `id` makes a repeated send harmless. */
export const deviceSendSchema = v.strictObject({
  type: v.literal("device:send"),
  id: clientMessageIdSchema,
  account: accountIdSchema,
  device: deviceIdSchema,
  data: base64UrlUpTo(limits.deviceMessageBytes, 32),
  /** A group that both accounts are in; needed when they have no direct conversation. */
  group: v.optional(conversationIdSchema),
});
export type DeviceSend = v.InferOutput<typeof deviceSendSchema>;

/** Down: the to-device message is durable in the recipient's inbox. */
export const deviceSentSchema = v.looseObject({ type: v.literal("device:sent"), id: clientMessageIdSchema });

/** Down: a to-device message, repeated on every connect until acknowledged. `position` counts up per device. */
export const deviceMessageSchema = v.looseObject({
  type: v.literal("device:message"),
  position: v.number(),
  sender: deviceAddressSchema,
  data: v.string(),
  serverTimeMs: timestampMsSchema,
});
export type DeviceMessage = v.InferOutput<typeof deviceMessageSchema>;

/** Up: everything up to and including `position` is stored here and may be deleted there. */
export const deviceAckSchema = v.strictObject({
  type: v.literal("device:ack"),
  position: v.pipe(v.number(), v.integer(), v.minValue(1)),
});

/** Down: an account this device talks to (or its own) has a newer device list or a signed-out device. */
export const devicesChangedSchema = v.looseObject({
  type: v.literal("devices:changed"),
  account: accountIdSchema,
  version: v.number(),
});

/** Down on connect and when stock falls below the refill marks: one-time prekeys left for this device. */
export const prekeyStockSchema = v.looseObject({
  type: v.literal("prekey:stock"),
  oneTime: v.number(),
  oneTimePq: v.number(),
  /** Age source of the signed prekey in force: its createdAt. */
  signedPrekeyCreatedAtMs: timestampMsSchema,
});
export type PrekeyStock = v.InferOutput<typeof prekeyStockSchema>;
