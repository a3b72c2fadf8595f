import { blobBytesOf } from "#schema/envelope/attachment-size.ts";
import { type CborMap, type CborValue } from "../cbor.ts";
import { Fields } from "../cbor-fields.ts";
import { assertOr } from "../errors.ts";
import { type BlobPromise } from "./attachment.ts";

/** What a message says about a file (CRYPTO 2.11): where it is, how it opens, and how to show it before it is there. */
export interface AttachmentPointer extends BlobPromise {
  /** 16 bytes. */
  readonly attachmentId: Uint8Array;
  /** As the sender wrote it; to be cleaned before it is shown or used. */
  readonly name: string;
  /** As the sender says; decides nothing but how the file is offered. */
  readonly mime: string;
  /** Pixels, so that the box is there before the picture. */
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
  /** A tiny JPEG or WebP, at most `previewMaxBytes`. */
  readonly preview?: Uint8Array;
  /** Loudness of a recording over time, one byte each, at most 128. */
  readonly waveform?: Uint8Array;
}

export const previewMaxBytes = 2_048;
/** Characters of a name and of a type; file systems take names of 255 bytes. */
export const nameMaxChars = 255;
const mimeMaxChars = 127;
const sideMax = 65_535;
const waveformMaxBytes = 128;
const durationMaxMs = 7 * 24 * 3_600_000;

const keys = {
  attachmentId: "i",
  fileKey: "k",
  sizeBytes: "n",
  blobBytes: "b",
  blobHash: "h",
  name: "f",
  mime: "t",
  width: "w",
  height: "e",
  durationMs: "l",
  preview: "p",
  waveform: "v",
} as const;

/** The pointer as a map of content. Throws `CryptoError` MALFORMED for one that `parsePointer` would refuse. */
export function encodePointer(pointer: AttachmentPointer): CborMap {
  const map = new Map<string, CborValue>();
  for (const [field, key] of Object.entries(keys)) {
    const value = pointer[field as keyof typeof keys];
    if (value !== undefined) map.set(key, value);
  }
  parsePointer(map);
  return map;
}

/** Strict on what it knows, tolerant of other keys. Throws `CryptoError` MALFORMED, also for sizes that contradict each other (attack 60). */
export function parsePointer(value: CborValue): AttachmentPointer {
  const fields = new Fields(value, "attachment");
  const sizeBytes = fields.uint(keys.sizeBytes);
  const blobBytes = fields.uint(keys.blobBytes);
  assertOr(blobBytes === blobBytesOf(sizeBytes), "MALFORMED", "attachment: sizes contradict each other");
  const [name, mime] = [fields.text(keys.name), fields.text(keys.mime)];
  assertOr(name.length <= nameMaxChars && mime.length <= mimeMaxChars, "MALFORMED", "attachment: name");
  const isSized = fields.has(keys.width) && fields.has(keys.height);
  return {
    attachmentId: fields.bytes(keys.attachmentId, 16),
    fileKey: fields.bytes(keys.fileKey, 32),
    sizeBytes,
    blobBytes,
    blobHash: fields.bytes(keys.blobHash, 32),
    name,
    mime,
    ...(isSized && { width: side(fields, keys.width), height: side(fields, keys.height) }),
    ...(fields.has(keys.durationMs) && { durationMs: fields.uint(keys.durationMs, durationMaxMs) }),
    ...(fields.has(keys.preview) && { preview: fields.bytesUpTo(keys.preview, previewMaxBytes) }),
    ...(fields.has(keys.waveform) && { waveform: fields.bytesUpTo(keys.waveform, waveformMaxBytes) }),
  };
}

function side(fields: Fields, key: string): number {
  const pixels = fields.uint(key, sideMax);
  assertOr(pixels > 0, "MALFORMED", "attachment: no pixels");
  return pixels;
}
