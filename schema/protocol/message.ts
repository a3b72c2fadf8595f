/** Messages of a conversation: sent up, ordered by the conversation object, sent down. */
import * as v from "valibot";
import { errorBodySchema } from "../errors.ts";
import {
  accountIdSchema,
  base64UrlUpTo,
  clientMessageIdSchema,
  conversationIdSchema,
  deviceAddressSchema,
  deviceIdSchema,
  sequenceSchema,
  timestampMsSchema,
} from "../ids.ts";
import { groupKeyEntryBytes } from "../envelope/group-body.ts";
import { limits } from "../limits.ts";

/** The DR envelope for one device (CRYPTO 2.4, type 0x10). */
const capsuleSchema = v.strictObject({
  account: accountIdSchema,
  device: deviceIdSchema,
  data: base64UrlUpTo(limits.capsuleBytes, 64),
});

/** A device list the sender encrypted for. */
const listVersionSchema = v.strictObject({
  account: accountIdSchema,
  version: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(0xffffffff)),
});

/**
 * Up: one body and its capsules, accepted or refused together. In a direct conversation there is one capsule per device, and
 * `lists` names the device list version of both accounts. In a group capsules hand out the sender key that the body names to
 * devices that lack it, often to none, and `lists` names the accounts that they are for.
 */
export const messageSendSchema = v.strictObject({
  type: v.literal("message:send"),
  conversationId: conversationIdSchema,
  clientMessageId: clientMessageIdSchema,
  body: base64UrlUpTo(limits.bodyBytes, groupKeyEntryBytes),
  capsules: v.pipe(v.array(capsuleSchema), v.maxLength(limits.capsulesPerMessage)),
  lists: v.pipe(v.array(listVersionSchema), v.maxLength(limits.capsulesPerMessage)),
});
export type MessageSend = v.InferOutput<typeof messageSendSchema>;

/** Down: an accepted message. `capsule` is this device's own, while the server still keeps it. */
export const messageNewSchema = v.looseObject({
  type: v.literal("message:new"),
  conversationId: conversationIdSchema,
  seq: sequenceSchema,
  sender: deviceAddressSchema,
  clientMessageId: clientMessageIdSchema,
  serverTimeMs: timestampMsSchema,
  body: v.string(),
  capsule: v.optional(v.string()),
});
export type MessageNew = {
  readonly type: "message:new";
} & MessageRecord;

/** One row of a conversation's log as clients see it, over sockets and in history pages alike. */
export type MessageRecord = {
  readonly conversationId: v.InferOutput<typeof conversationIdSchema>;
  readonly seq: number;
  readonly sender: v.InferOutput<typeof deviceAddressSchema>;
  readonly clientMessageId: v.InferOutput<typeof clientMessageIdSchema>;
  readonly serverTimeMs: number;
  readonly body: string;
  readonly capsule?: string | undefined;
};

/** Down: the message is durable under this sequence number. A repeated send gets the same answer. */
export const messageAckSchema = v.looseObject({
  type: v.literal("message:ack"),
  conversationId: conversationIdSchema,
  clientMessageId: clientMessageIdSchema,
  seq: sequenceSchema,
  serverTimeMs: timestampMsSchema,
});
export type MessageAck = v.InferOutput<typeof messageAckSchema>;

/** How the capsules of a refused message differ from the devices that must be able to read it. */
export const deviceSetDifferenceSchema = v.looseObject({
  missing: v.array(deviceAddressSchema),
  extra: v.array(deviceAddressSchema),
  /** Accounts whose named list version is not the newest, with the newest. */
  stale: v.array(v.looseObject({ account: accountIdSchema, version: v.number() })),
});
export type DeviceSetDifference = v.InferOutput<typeof deviceSetDifferenceSchema>;

/** Down: the message was not accepted and nothing was stored. */
export const messageRefusedSchema = v.looseObject({
  type: v.literal("message:refused"),
  conversationId: conversationIdSchema,
  clientMessageId: clientMessageIdSchema,
  error: errorBodySchema,
  difference: v.optional(deviceSetDifferenceSchema),
});
export type MessageRefused = v.InferOutput<typeof messageRefusedSchema>;
