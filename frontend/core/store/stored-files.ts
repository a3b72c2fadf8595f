/** How the client's store keeps the pointer to a file, in messages and in the settings of groups. */
import type { AttachmentId } from "#schema/ids.ts";

/** A pointer to a file (CRYPTO 2.11); binary fields are base64url. */
export interface StoredAttachment {
  readonly attachmentId: AttachmentId;
  readonly fileKey: string;
  readonly sizeBytes: number;
  readonly blobBytes: number;
  readonly blobHash: string;
  readonly name: string;
  readonly mime: string;
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
  readonly preview?: string;
}
