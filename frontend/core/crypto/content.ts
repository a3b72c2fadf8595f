import { type Bytes, sameBytes } from "#schema/envelope/bytes.ts";
import { type AttachmentPointer, encodePointer, parsePointer } from "./attachment/pointer.ts";
import { type CborValue, contentMaxBytes, decodeCbor, encodeCbor } from "./cbor.ts";
import { Fields } from "./cbor-fields.ts";
import { assertOr } from "./errors.ts";

/** What every message says about itself, checked against the envelope and the session it came in (CRYPTO 2.5). */
export interface ContentBinding {
  /** 16 bytes. */
  readonly conversationId: Uint8Array;
  /** 16 bytes. */
  readonly clientMsgId: Uint8Array;
  /** 16 bytes. */
  readonly senderAccountId: Uint8Array;
  readonly senderDeviceId: number;
  /** By the sender's clock; order is by sequence number, never by this. */
  readonly sentAtMs: number;
  /** In groups only: the epoch that the sender saw. */
  readonly groupEpoch?: number;
}

export interface TextPayload {
  readonly type: "text";
  readonly text: string;
  /** `clientMsgId` of the message this one answers. */
  readonly replyTo?: Uint8Array;
}

/** Files, with what was written about them. */
export interface AttachmentsPayload {
  readonly type: "attachments";
  /** May be empty. */
  readonly text: string;
  /** 1 to 10. */
  readonly attachments: readonly AttachmentPointer[];
  readonly replyTo?: Uint8Array;
}

/** A type of a newer client: to be shown as "update needed". */
export interface UnsupportedPayload {
  readonly type: "unsupported";
  readonly typeName: string;
}

/** Content schema 1. */
export interface MessageContent extends ContentBinding {
  readonly payload: TextPayload | AttachmentsPayload | UnsupportedPayload;
}

export interface OutgoingContent extends ContentBinding {
  readonly payload: TextPayload | AttachmentsPayload;
}

const schemaVersion = 1;
const attachmentsMax = 10;

/** The keys on the wire, short so that most chat text stays in the smallest padding bucket. */
const keys = {
  version: "v",
  type: "t",
  conversationId: "c",
  clientMsgId: "m",
  senderAccountId: "a",
  senderDeviceId: "d",
  sentAtMs: "s",
  groupEpoch: "g",
  text: "x",
  replyTo: "r",
  attachments: "f",
} as const;

/** Deterministic CBOR of `content`. Throws `RangeError` above 64 KiB. */
export function encodeContent(content: OutgoingContent): Bytes {
  const { payload } = content;
  const map = new Map<string, CborValue>([
    [keys.version, schemaVersion],
    [keys.type, payload.type],
    [keys.conversationId, content.conversationId],
    [keys.clientMsgId, content.clientMsgId],
    [keys.senderAccountId, content.senderAccountId],
    [keys.senderDeviceId, content.senderDeviceId],
    [keys.sentAtMs, content.sentAtMs],
    [keys.text, payload.text],
  ]);
  if (content.groupEpoch !== undefined) map.set(keys.groupEpoch, content.groupEpoch);
  if (payload.replyTo !== undefined) map.set(keys.replyTo, payload.replyTo);
  if (payload.type === "attachments") {
    if (!isAttachmentCount(payload.attachments.length))
      throw new RangeError("content: number of attachments");
    map.set(keys.attachments, payload.attachments.map(encodePointer));
  }
  const encoded = encodeCbor(map);
  if (encoded.length > contentMaxBytes) throw new RangeError("content: larger than 64 KiB");
  return encoded;
}

/**
 * Strict on the keys it knows, tolerant of others and of unknown types.
 * Throws `CryptoError` MALFORMED, or UNSUPPORTED_VERSION for a higher schema.
 */
export function parseContent(bytes: Uint8Array): MessageContent {
  const fields = new Fields(decodeCbor(bytes), "content");
  const version = fields.uint(keys.version);
  assertOr(version !== 0, "MALFORMED", "content: version zero");
  assertOr(version === schemaVersion, "UNSUPPORTED_VERSION", "content: newer schema");
  return {
    conversationId: fields.bytes(keys.conversationId, 16),
    clientMsgId: fields.bytes(keys.clientMsgId, 16),
    senderAccountId: fields.bytes(keys.senderAccountId, 16),
    senderDeviceId: fields.uint(keys.senderDeviceId, 0xffff_ffff),
    sentAtMs: fields.uint(keys.sentAtMs),
    ...(fields.has(keys.groupEpoch) && { groupEpoch: fields.uint(keys.groupEpoch, 0xffff_ffff) }),
    payload: parsePayload(fields),
  };
}

/**
 * `parseContent`, and that the content says of itself what envelope, session and log say of it. `sentAtMs` is compared where the
 * expectation has one. Throws also `CryptoError` BAD_BINDING.
 */
export function parseBoundContent(
  bytes: Uint8Array,
  expected: Omit<ContentBinding, "sentAtMs"> & { readonly sentAtMs?: number },
): MessageContent {
  const content = parseContent(bytes);
  const isBound =
    sameBytes(content.conversationId, expected.conversationId) &&
    sameBytes(content.clientMsgId, expected.clientMsgId) &&
    sameBytes(content.senderAccountId, expected.senderAccountId) &&
    content.senderDeviceId === expected.senderDeviceId &&
    content.groupEpoch === expected.groupEpoch &&
    (expected.sentAtMs === undefined || content.sentAtMs === expected.sentAtMs);
  assertOr(isBound, "BAD_BINDING", "content: of another conversation, message, sender, time or epoch");
  return content;
}

function parsePayload(fields: Fields): MessageContent["payload"] {
  const typeName = fields.text(keys.type);
  if (typeName !== "text" && typeName !== "attachments") return { type: "unsupported", typeName };
  const written = {
    text: fields.text(keys.text),
    ...(fields.has(keys.replyTo) && { replyTo: fields.bytes(keys.replyTo, 16) }),
  };
  if (typeName === "text") return { type: "text", ...written };
  return { type: "attachments", ...written, attachments: parseAttachments(fields) };
}

function parseAttachments(fields: Fields): AttachmentPointer[] {
  const values = fields.array(keys.attachments);
  assertOr(isAttachmentCount(values.length), "MALFORMED", "content: number of attachments");
  return values.map(parsePointer);
}

function isAttachmentCount(count: number): boolean {
  return count >= 1 && count <= attachmentsMax;
}
