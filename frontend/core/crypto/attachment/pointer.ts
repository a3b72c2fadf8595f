import { blobBytesOf } from "#schema/envelope/attachment-size.ts";
import { type CborMap, type CborValue } from "../cbor.ts";
import { Fields } from "../cbor-fields.ts";
import { assertOr } from "../errors.ts";
import { type BlobPromise } from "./attachment.ts";

/** What a message says about a file (CRYPTO 2.11). All of it is the sender's word: nothing is shown or opened because of `mime` alone. */
export interface AttachmentPointer extends BlobPromise {
  /** 16 bytes. */
  readonly attachmentId: Uint8Array;
  readonly mime: string;
  readonly name?: string;
  /** Pixels. */
  readonly width?: number;
  readonly height?: number;
  readonly blurhash?: string;
  readonly durationMs?: number;
  /** Loudness over time, one byte each. */
  readonly waveform?: Uint8Array;
}

const limits = {
  mimeChars: 127,
  nameChars: 255,
  pixels: 65_535,
  blurhashChars: 64,
  waveformBytes: 128,
} as const;
/** RFC 6838 §4.2 names. */
const mimePattern = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}$/;

const keys = {
  attachmentId: "i",
  fileKey: "k",
  sizeBytes: "s",
  blobBytes: "b",
  blobHash: "d",
  mime: "m",
  name: "n",
  width: "w",
  height: "h",
  blurhash: "p",
  durationMs: "t",
  waveform: "v",
} as const;

/** The pointer as a map of content. Throws `CryptoError` MALFORMED for one that `parsePointer` would refuse. */
export function encodePointer(pointer: AttachmentPointer): CborMap {
  const map = new Map<string, CborValue>();
  for (const name of Object.keys(keys) as (keyof typeof keys)[]) {
    const value = pointer[name];
    if (value !== undefined) map.set(keys[name], value);
  }
  parsePointer(map);
  return map;
}

/** Strict on what it knows, tolerant of other keys. Throws `CryptoError` MALFORMED (attack 60). */
export function parsePointer(value: CborValue): AttachmentPointer {
  const fields = new Fields(value, "attachment pointer");
  const pointer = {
    attachmentId: fields.bytes(keys.attachmentId, 16),
    fileKey: fields.bytes(keys.fileKey, 32),
    sizeBytes: fields.uint(keys.sizeBytes),
    blobBytes: fields.uint(keys.blobBytes),
    blobHash: fields.bytes(keys.blobHash, 32),
    mime: fields.text(keys.mime, limits.mimeChars),
    ...(fields.has(keys.name) && { name: fields.text(keys.name, limits.nameChars) }),
    ...(fields.has(keys.width) && { width: fields.uint(keys.width, limits.pixels) }),
    ...(fields.has(keys.height) && { height: fields.uint(keys.height, limits.pixels) }),
    ...(fields.has(keys.blurhash) && { blurhash: fields.text(keys.blurhash, limits.blurhashChars) }),
    ...(fields.has(keys.durationMs) && { durationMs: fields.uint(keys.durationMs, 0xffff_ffff) }),
    ...(fields.has(keys.waveform) && { waveform: fields.bytesUpTo(keys.waveform, limits.waveformBytes) }),
  };
  const isFitting = pointer.blobBytes === blobBytesOf(pointer.sizeBytes);
  assertOr(isFitting, "MALFORMED", "attachment pointer: size and blob length do not fit");
  assertOr(mimePattern.test(pointer.mime), "MALFORMED", "attachment pointer: media type");
  return pointer;
}
