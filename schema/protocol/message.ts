/** Messages of a conversation: sent up, ordered by the conversation object, sent down. */
import * as v from "valibot";
import { errorBodySchema } from "../errors.ts";
import {
  type AccountId,
  accountIdSchema,
  type ClientMessageId,
  clientMessageIdSchema,
  type ConversationId,
  conversationIdSchema,
  deviceAddressSchema,
  type DeviceId,
  sequenceSchema,
  timestampMsSchema,
} from "../ids.ts";

/**
 * Up: one body and its capsules, accepted or refused together; binary on the wire (send-frame.ts). In a direct conversation
 * there is one capsule per device, and `lists` names the device list version of both accounts. In a group capsules hand out
 * the sender key that the body names to devices that lack it, often to none, and `lists` names the accounts that they are for.
 */
export type MessageSend = {
  type: "message:send";
  conversationId: ConversationId;
  clientMessageId: ClientMessageId;
  /** Base64url, as is `data` of a capsule. */
  body: string;
  capsules: AddressedCapsule[];
  /** The device lists that the sender encrypted for. */
  lists: { account: AccountId; version: number }[];
};

/** The DR envelope for one device (CRYPTO 2.4, type 0x10). */
export type AddressedCapsule = { account: AccountId; device: DeviceId; data: string };

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
