import { type Bytes, concat, isAllZero, Reader, Writer } from "#schema/envelope/bytes.ts";
import { capsulePlaintextBytes } from "#schema/envelope/capsule-envelope.ts";
import {
  encodeRetryRequest,
  parseRetryRequest,
  type RetryRequest,
  retryRequestBytes,
} from "#schema/envelope/retry-envelope.ts";
import { type BodyKey } from "./body.ts";
import { type CborValue, decodeCbor, encodeCbor } from "./cbor.ts";
import { assertOr, CryptoError, parsing } from "./errors.ts";
import {
  encodeSenderKeyMessage,
  parseSenderKeyMessage,
  type SenderKeyMessage,
  senderKeyMessageBytes,
} from "./group/sender-key-message.ts";

/** A device list as one side knows it: version and the first 8 bytes of DLH. Zeros: not known. */
export interface ListView {
  readonly version: number;
  readonly hash8: Uint8Array;
}

/** What every capsule tells on the side, so that a lying server is noticed (CRYPTO 2.1, 2.15). */
export interface Gossip {
  readonly mine: ListView;
  readonly yours: ListView;
  /** Key log size and the first 8 bytes of its root; zeros until there is a log. */
  readonly log: { readonly size: number; readonly root8: Uint8Array };
}

export interface BodyKeyPayload extends BodyKey {
  readonly kind: "bodyKey";
  /** 0: never. */
  readonly expireAfterSeconds: number;
}

/** What a capsule carries (CRYPTO 2.5). */
export type CapsulePayload =
  | BodyKeyPayload
  /** At most 200 bytes of CBOR. */
  | { readonly kind: "inline"; readonly value: CborValue }
  | { readonly kind: "senderKey"; readonly senderKey: SenderKeyMessage }
  | { readonly kind: "retry"; readonly request: RetryRequest }
  | { readonly kind: "null" }
  /** Between own devices only. */
  | { readonly kind: "sync"; readonly sync: SyncPayload }
  /** Opens keys of earlier messages of a group, which travel beside the capsule (decision 140). */
  | { readonly kind: "history"; readonly history: BesideKey };

export type SyncPayload =
  /** What this account sent from another device. */
  | (Omit<BodyKeyPayload, "kind"> & { readonly type: "sent" })
  /** At most 200 bytes of CBOR. */
  | { readonly type: "inline"; readonly value: CborValue }
  /** Opens the items that travel beside the capsule. */
  | ({ readonly type: "items" } & BesideKey);

/** What opens bytes that are sealed beside a capsule, and which ones. */
export interface BesideKey {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** SHA-256 of what is sealed. */
  readonly hash: Uint8Array;
}

export interface Capsule {
  readonly gossip: Gossip;
  readonly payload: CapsulePayload;
}

const inlineMaxBytes = 200;

const kinds = { bodyKey: 1, inline: 2, senderKey: 3, retry: 4, null: 5, sync: 6, history: 7 } as const;
const syncTypes = { sent: 1, inline: 2, items: 3 } as const;

/**
 * `kind u8 | myDLver u32 | myDLH8 | yourDLver u32 | yourDLH8 | logSize u64 | logRoot8 | payload | zeros`, always 256 bytes.
 * Throws `RangeError` for an inline value above 200 bytes.
 */
export function encodeCapsule({ gossip, payload }: Capsule): Bytes {
  const writer = new Writer()
    .u8(kinds[payload.kind])
    .u32(gossip.mine.version)
    .bytes(gossip.mine.hash8, 8)
    .u32(gossip.yours.version)
    .bytes(gossip.yours.hash8, 8)
    .u64(gossip.log.size)
    .bytes(gossip.log.root8, 8);
  writePayload(writer, payload);
  const bytes = writer.done();
  return concat(bytes, new Uint8Array(capsulePlaintextBytes - bytes.length));
}

/** Throws `CryptoError` MALFORMED, BAD_PADDING, or UNSUPPORTED_VERSION for a kind of a newer client. */
export function parseCapsule(bytes: Uint8Array): Capsule {
  return parsing(() => {
    assertOr(bytes.length === capsulePlaintextBytes, "MALFORMED", "capsule: wrong length");
    const reader = new Reader(bytes, "capsule");
    const kind = reader.u8();
    const gossip = {
      mine: { version: reader.u32(), hash8: reader.take(8) },
      yours: { version: reader.u32(), hash8: reader.take(8) },
      log: { size: reader.u64(), root8: reader.take(8) },
    };
    const payload = readPayload(reader, kind);
    assertOr(isAllZero(reader.rest()), "BAD_PADDING", "capsule: not zero to its end");
    return { gossip, payload };
  });
}

function writePayload(writer: Writer, payload: CapsulePayload): void {
  switch (payload.kind) {
    case "bodyKey":
      return writeBodyKey(writer, payload);
    case "inline":
      return writeInline(writer, payload.value);
    case "senderKey":
      return void writer.bytes(encodeSenderKeyMessage(payload.senderKey));
    case "retry":
      return void writer.bytes(encodeRetryRequest(payload.request));
    case "null":
      return;
    case "sync":
      writer.u8(syncTypes[payload.sync.type]);
      return writeSync(writer, payload.sync);
    case "history":
      return writeBesideKey(writer, payload.history);
  }
}

function writeSync(writer: Writer, sync: SyncPayload): void {
  switch (sync.type) {
    case "sent":
      return writeBodyKey(writer, sync);
    case "inline":
      return writeInline(writer, sync.value);
    case "items":
      return writeBesideKey(writer, sync);
  }
}

function readPayload(reader: Reader, kind: number): CapsulePayload {
  switch (kind) {
    case kinds.bodyKey:
      return { kind: "bodyKey", ...readBodyKey(reader) };
    case kinds.inline:
      return { kind: "inline", value: readInline(reader) };
    case kinds.senderKey:
      return { kind: "senderKey", senderKey: parseSenderKeyMessage(reader.take(senderKeyMessageBytes)) };
    case kinds.retry:
      return { kind: "retry", request: parseRetryRequest(reader.take(retryRequestBytes)) };
    case kinds.null:
      return { kind: "null" };
    case kinds.sync:
      return { kind: "sync", sync: readSync(reader) };
    case kinds.history:
      return { kind: "history", history: readBesideKey(reader) };
    default:
      throw new CryptoError("UNSUPPORTED_VERSION", "capsule: unknown kind");
  }
}

function readSync(reader: Reader): SyncPayload {
  const type = reader.name(syncTypes);
  switch (type) {
    case "sent":
      return { type, ...readBodyKey(reader) };
    case "inline":
      return { type, value: readInline(reader) };
    case "items":
      return { type, ...readBesideKey(reader) };
  }
}

/** `key 32 | hash 32`. */
function writeBesideKey(writer: Writer, { key, hash }: BesideKey): void {
  writer.bytes(key, 32).bytes(hash, 32);
}

function readBesideKey(reader: Reader): BesideKey {
  return { key: reader.take(32), hash: reader.take(32) };
}

/** `convId 16 | clientMsgId 16 | BK 32 | BH 32 | sentAt u64 | expireAfter u32`. */
function writeBodyKey(writer: Writer, key: Omit<BodyKeyPayload, "kind">): void {
  writer
    .bytes(key.conversationId, 16)
    .bytes(key.clientMsgId, 16)
    .bytes(key.bodyKey, 32)
    .bytes(key.bodyHash, 32)
    .u64(key.sentAtMs)
    .u32(key.expireAfterSeconds);
}

function readBodyKey(reader: Reader): Omit<BodyKeyPayload, "kind"> {
  return {
    conversationId: reader.take(16),
    clientMsgId: reader.take(16),
    bodyKey: reader.take(32),
    bodyHash: reader.take(32),
    sentAtMs: reader.u64(),
    expireAfterSeconds: reader.u32(),
  };
}

/** `len u8 ≤ 200 | CBOR`. */
function writeInline(writer: Writer, value: CborValue): void {
  const bytes = encodeCbor(value);
  if (bytes.length > inlineMaxBytes) throw new RangeError("capsule: inline value above 200 bytes");
  writer.u8(bytes.length).bytes(bytes);
}

function readInline(reader: Reader): CborValue {
  const length = reader.u8();
  assertOr(length <= inlineMaxBytes, "MALFORMED", "capsule: inline length");
  return decodeCbor(reader.take(length));
}
