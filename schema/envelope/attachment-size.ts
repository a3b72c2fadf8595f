/** CRYPTO 2.11: sizes of a sealed attachment, the only thing of it that the server may know. */
import { padmeLength } from "./padding.ts";

/** `salt 24 | commit 32` before the first chunk. */
export const attachmentHeadBytes = 56;
/** Plaintext of every chunk but the last, which is strictly shorter and may be empty. */
export const attachmentChunkBytes = 65_536;
const tagBytes = 16;
/** A chunk with its tag. */
export const sealedChunkBytes = attachmentChunkBytes + tagBytes;
/** Files are padded to at least this much. */
const paddedMinBytes = 1_024;

/** Bytes that are sealed for a file of `sizeBytes`: the file, and zeros up to a PADMÉ size. */
export function paddedFileBytes(sizeBytes: number): number {
  return padmeLength(Math.max(sizeBytes, paddedMinBytes));
}

/** Length of the sealed blob of a file of `sizeBytes`. */
export function blobBytesOf(sizeBytes: number): number {
  const padded = paddedFileBytes(sizeBytes);
  const chunks = Math.floor(padded / attachmentChunkBytes) + 1;
  return attachmentHeadBytes + padded + chunks * tagBytes;
}

/** Whether `blobBytes` is a length that `blobBytesOf` can give. */
export function isBlobLength(blobBytes: number): boolean {
  const body = blobBytes - attachmentHeadBytes;
  if (!Number.isSafeInteger(blobBytes) || body < tagBytes) return false;
  const chunks = Math.floor((body - tagBytes) / sealedChunkBytes) + 1;
  const padded = body - chunks * tagBytes;
  return padded >= paddedMinBytes && blobBytesOf(padded) === blobBytes;
}
