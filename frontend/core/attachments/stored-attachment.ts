/** Between the pointer of a message, its stored form, and what the app sees of it. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { concat } from "#schema/envelope/bytes.ts";
import { type AttachmentId, attachmentIdSchema, type ConversationId } from "#schema/ids.ts";
import * as v from "valibot";
import type { AttachmentView } from "../client-api.ts";
import type { AttachmentAddress } from "../crypto/attachment/attachment-cipher.ts";
import type { AttachmentPointer } from "../crypto/attachment/pointer.ts";
import type { Provider } from "../crypto/provider.ts";
import type { StoredAttachment } from "../store/tables.ts";
import { cleanFileName, cleanMime } from "./file-name.ts";

export function toStored(pointer: AttachmentPointer): StoredAttachment {
  const { attachmentId, fileKey, blobHash, preview, ...rest } = pointer;
  return {
    ...rest,
    attachmentId: v.parse(attachmentIdSchema, encodeBase64url(attachmentId)),
    fileKey: encodeBase64url(fileKey),
    blobHash: encodeBase64url(blobHash),
    ...(preview !== undefined && { preview: encodeBase64url(preview) }),
  };
}

export function toPointer(stored: StoredAttachment): AttachmentPointer {
  const { attachmentId, fileKey, blobHash, preview, ...rest } = stored;
  return {
    ...rest,
    attachmentId: decodeBase64url(attachmentId),
    fileKey: decodeBase64url(fileKey),
    blobHash: decodeBase64url(blobHash),
    ...(preview !== undefined && { preview: decodeBase64url(preview) }),
  };
}

export function addressOf(conversationId: ConversationId, attachmentId: AttachmentId): AttachmentAddress {
  return {
    conversationId: decodeBase64url(conversationId),
    attachmentId: decodeBase64url(attachmentId),
  };
}

/**
 * The name of a blob on this device. The key goes into it, so that a pointer to another blob under the same id finds
 * nothing of this one.
 */
export function blobNameOf(
  provider: Provider,
  conversationId: ConversationId,
  { attachmentId, fileKey }: Pick<StoredAttachment, "attachmentId" | "fileKey">,
): string {
  const parts = [conversationId, attachmentId, fileKey].map(decodeBase64url);
  return encodeBase64url(provider.sha256(concat(...parts)));
}

/** Without keys: what the app sees. Names and types come from others and are cleaned here. */
export function viewAttachment(stored: StoredAttachment, isLocal: boolean): AttachmentView {
  const { sizeBytes, width, height, durationMs, preview } = stored;
  return {
    name: cleanFileName(stored.name),
    mime: cleanMime(stored.mime),
    sizeBytes,
    isLocal,
    ...(width !== undefined && height !== undefined && { width, height }),
    ...(durationMs !== undefined && { durationMs }),
    ...(preview !== undefined && { preview: decodeBase64url(preview) }),
  };
}
