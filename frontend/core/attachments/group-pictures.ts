/**
 * The picture of a group: sealed and kept on the server as the files of messages are (SPEC CL261), but small, whole and at once. What
 * members put there is data until it has shown that it is such a picture. Fetched with the first group that has one.
 */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import type { ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { ClientError } from "../client-api.ts";
import type { Provider } from "../crypto/provider.ts";
import type { StoredAttachment } from "../store/tables.ts";
import type { BlobCache } from "./blob-cache.ts";
import type { BlobTransfers } from "./blob-transfers.ts";
import { DamagedFileError } from "./damaged-file.ts";
import type { FileRanges } from "./file-ranges.ts";
import { tryStripJpeg } from "./metadata/jpeg.ts";
import { tryPictureSize } from "./picture-size.ts";
import { sealFile } from "./sealing.ts";
import { blobNameOf } from "./stored-attachment.ts";

const mime = "image/jpeg";
const unwatched = { signal: new AbortController().signal, progress: () => undefined };

export interface PictureTools {
  readonly provider: Provider;
  readonly cache: BlobCache;
  readonly transfers: BlobTransfers;
  readonly ranges: FileRanges;
}

/**
 * The one kind of picture that groups have: a square JPEG within `limits`. Throws `ClientError` `file_too_large` and `not_a_picture`.
 */
export function assertGroupPicture(bytes: Uint8Array): void {
  if (bytes.length > limits.groupPictureBytes) throw new ClientError("file_too_large");
  const size = tryPictureSize(bytes);
  const isSquare = size?.mime === mime && size.width === size.height && size.width > 0;
  if (!isSquare || size.width > limits.groupPictureSidePx) throw new ClientError("not_a_picture");
}

/**
 * Puts a picture on the server, without its metadata. Throws as `assertGroupPicture`, and `file_unreadable`, `SottoError`, `StoreError`;
 * then nothing is kept.
 */
export async function uploadPicture(
  { provider, cache, transfers }: PictureTools,
  conversationId: ConversationId,
  picture: Blob,
): Promise<StoredAttachment> {
  const file = await cleaned(picture);
  const sealed = await sealFile(provider, cache.blobs, conversationId, file);
  const place = { conversationId, attachmentId: sealed.attachmentId };
  const name = blobNameOf(provider, conversationId, sealed);
  try {
    const bytes = await cache.blobs.read(name, 0);
    if (bytes === undefined) throw new ClientError("file_unreadable");
    await transfers.begin(place, sealed.blobBytes);
    await transfers.putPart(place, 1, bytes, unwatched);
    await transfers.complete(place);
    await cache.mark(name, "whole", sealed.blobBytes);
  } catch (error) {
    await cache.blobs.delete(name).catch(() => undefined); // swept at the next start
    transfers.delete(place).catch(() => undefined); // unfinished uploads go by themselves
    throw error;
  }
  return { ...sealed, name: "group.jpg", mime };
}

/**
 * The picture, from this device or from the server, and from then on here. Throws `ClientError` `file_gone`, `not_a_picture` and
 * `file_too_large`, `DamagedFileError`, `SottoError`.
 */
export async function readPicture(
  tools: PictureTools,
  conversationId: ConversationId,
  picture: StoredAttachment,
): Promise<Uint8Array<ArrayBuffer>> {
  if (picture.sizeBytes > limits.groupPictureBytes) throw new ClientError("file_too_large");
  await fetchPicture(tools, conversationId, picture);
  const bytes = await tools.ranges.read(conversationId, picture, 0, picture.sizeBytes);
  assertGroupPicture(bytes);
  return bytes;
}

async function fetchPicture(
  { provider, cache, transfers }: PictureTools,
  conversationId: ConversationId,
  { attachmentId, fileKey, blobBytes, blobHash }: StoredAttachment,
): Promise<void> {
  const name = blobNameOf(provider, conversationId, { attachmentId, fileKey });
  if (cache.isWhole(name)) return;
  try {
    const bytes = await transfers.read(
      { conversationId, attachmentId },
      { from: 0, below: blobBytes },
      unwatched,
    );
    if (encodeBase64url(provider.sha256(bytes)) !== blobHash) throw new DamagedFileError();
    await cache.blobs.write(name, 0, bytes);
    await cache.mark(name, "whole", blobBytes);
    await cache.trim(name);
  } catch (error) {
    if (!(error instanceof SottoError) || error.kind !== "not_found") throw error;
    throw new ClientError("file_gone", { cause: error });
  }
}

async function cleaned(picture: Blob): Promise<Blob> {
  if (picture.size > limits.groupPictureBytes) throw new ClientError("file_too_large");
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await picture.arrayBuffer());
  } catch (cause) {
    throw new ClientError("file_unreadable", { cause });
  }
  const stripped = tryStripJpeg(bytes);
  if (stripped === undefined) throw new ClientError("not_a_picture");
  assertGroupPicture(stripped);
  return new Blob([stripped], { type: mime });
}
