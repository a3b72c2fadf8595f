/**
 * Branded identifiers and the base64url shapes they travel in.
 *
 * Binary identifiers cross every boundary as base64url without padding (RFC 4648 section 5), never as hex or
 * numbers, so that one identifier has exactly one spelling.
 */
import * as v from "valibot";

/** Characters of unpadded base64url that encode `bytes` bytes. */
export function base64UrlLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

const base64UrlPattern = /^[A-Za-z0-9_-]*$/;

/** A base64url string of exactly `bytes` bytes. The last character must carry no stray bits. */
export function base64UrlOf(bytes: number) {
  return v.pipe(
    v.string(),
    v.length(base64UrlLength(bytes)),
    v.regex(base64UrlPattern),
    v.check((text) => hasNoStrayBits(text), "stray bits in the last character"),
  );
}

/** A base64url string of at least `minBytes` and at most `maxBytes` bytes. */
export function base64UrlUpTo(maxBytes: number, minBytes = 1) {
  return v.pipe(
    v.string(),
    v.minLength(base64UrlLength(minBytes)),
    v.maxLength(base64UrlLength(maxBytes)),
    v.regex(base64UrlPattern),
    v.check((text) => text.length % 4 !== 1 && hasNoStrayBits(text), "not canonical base64url"),
  );
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function hasNoStrayBits(text: string): boolean {
  const rest = text.length % 4;
  if (rest === 0) return true;
  const last = alphabet.indexOf(text.charAt(text.length - 1));
  return rest === 2 ? (last & 0x0f) === 0 : (last & 0x03) === 0;
}

/** 16 random bytes chosen by the server at registration; never derived from the username. */
export const accountIdSchema = v.pipe(base64UrlOf(16), v.brand("AccountId"));
export type AccountId = v.InferOutput<typeof accountIdSchema>;

/** 16 random bytes chosen by the server when a conversation is first asked for. */
export const conversationIdSchema = v.pipe(base64UrlOf(16), v.brand("ConversationId"));
export type ConversationId = v.InferOutput<typeof conversationIdSchema>;

/** 16 random bytes chosen by the sending device; one per message, kept over every retry. */
export const clientMessageIdSchema = v.pipe(base64UrlOf(16), v.brand("ClientMessageId"));
export type ClientMessageId = v.InferOutput<typeof clientMessageIdSchema>;

/** 16 random bytes chosen by the sending device; one per file, kept over every retry (CRYPTO 2.11). */
export const attachmentIdSchema = v.pipe(base64UrlOf(16), v.brand("AttachmentId"));
export type AttachmentId = v.InferOutput<typeof attachmentIdSchema>;

/** 16 random bytes; names one signed-in device until it signs out. */
export const sessionIdSchema = v.pipe(base64UrlOf(16), v.brand("SessionId"));
export type SessionId = v.InferOutput<typeof sessionIdSchema>;

/** 16 bytes that come from the code of a link, never from the server; names the place where two devices meet. */
export const rendezvousIdSchema = v.pipe(base64UrlOf(16), v.brand("RendezvousId"));
export type RendezvousId = v.InferOutput<typeof rendezvousIdSchema>;

/** u32 allocated by the holder of the account identity key, counting up from 1, never reused (CRYPTO 2.1). */
export const deviceIdSchema = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(0xffffffff));
export type DeviceId = number;

/** Position in a conversation: 1, 2, 3 … without holes. 0 means "before the first". */
export const sequenceSchema = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0),
  v.maxValue(Number.MAX_SAFE_INTEGER),
);
export type Sequence = number;

/** Milliseconds since the Unix epoch. */
export const timestampMsSchema = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8.64e15));

/** One device of one account: the address of a capsule. */
export const deviceAddressSchema = v.strictObject({ account: accountIdSchema, device: deviceIdSchema });
export type DeviceAddress = v.InferOutput<typeof deviceAddressSchema>;

/** Stable text form of a device address, used as a map key. */
export function deviceAddressKey(account: AccountId, device: DeviceId): string {
  return `${account}.${device}`;
}
