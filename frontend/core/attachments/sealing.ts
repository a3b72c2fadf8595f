/** Seals a file into the blob store, piece by piece: never more than a few MiB of it are in memory. */
import type { ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { blobBytesOf } from "#schema/envelope/attachment-size.ts";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { type AttachmentId, attachmentIdSchema } from "#schema/ids.ts";
import * as v from "valibot";
import { ClientError } from "../client-api.ts";
import { AttachmentSealer } from "../crypto/attachment/attachment.ts";
import { createAttachmentSecret } from "../crypto/attachment/attachment-cipher.ts";
import type { Provider } from "../crypto/provider.ts";
import type { BlobStore } from "../store/blob-store.ts";
import type { StoredAttachment } from "../store/tables.ts";
import { inOrder } from "./in-order.ts";
import { addressOf, blobNameOf } from "./stored-attachment.ts";

/** Read and sealed at once: long enough to be fast, short enough for messages to pass in between. */
const stepBytes = 1_048_576;

/** Sealing is not cancelled: a message with files can be discarded as soon as it is written down. */
const uncancelled = new AbortController().signal;

export type SealedFile = Pick<
  StoredAttachment,
  "attachmentId" | "fileKey" | "sizeBytes" | "blobBytes" | "blobHash"
>;

/** A blob that comes to be in the store. */
export interface SealingBlob {
  readonly attachmentId: AttachmentId;
  readonly name: string;
  readonly blobBytes: number;
}

/** Told while a file is being sealed. */
export interface SealingWatch {
  /** Before its first piece. */
  begun(blob: SealingBlob): void;
  /** So many pieces lie in the store, from the first one on. */
  written(pieces: number): void;
}

/**
 * Throws `ClientError` `file_unreadable` when the file cannot be read or changes meanwhile, and `StoreError`; pieces
 * written until then are deleted.
 */
export async function sealFile(
  provider: Provider,
  blobs: BlobStore,
  conversationId: ConversationId,
  source: Blob,
  watch?: SealingWatch,
): Promise<SealedFile> {
  const attachmentId: AttachmentId = v.parse(attachmentIdSchema, encodeBase64url(provider.random(16)));
  const secret = createAttachmentSecret(provider);
  const fileKey = encodeBase64url(secret.fileKey);
  const name = blobNameOf(provider, conversationId, { attachmentId, fileKey });
  const sealer = new AttachmentSealer(provider, addressOf(conversationId, attachmentId), secret, source.size);
  const pieces = new PieceWriter(blobs, name, watch);
  watch?.begun({ attachmentId, name, blobBytes: blobBytesOf(source.size) });
  try {
    const slices = inOrder(Math.ceil(source.size / stepBytes), 1, uncancelled, (step) =>
      readSlice(source, (step - 1) * stepBytes),
    );
    for await (const slice of slices) await pieces.push(sealer.push(slice));
    const { bytes, blobBytes, blobHash } = sealer.finish();
    await pieces.push(bytes);
    await pieces.end();
    await pieces.written();
    return { attachmentId, fileKey, sizeBytes: source.size, blobBytes, blobHash: encodeBase64url(blobHash) };
  } catch (error) {
    await pieces.written().catch(() => undefined); // deleted in the next line
    await blobs.delete(name).catch(() => undefined); // found and removed at the next start
    throw error;
  }
}

async function readSlice(source: Blob, at: number): Promise<Uint8Array> {
  const end = Math.min(at + stepBytes, source.size);
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await source.slice(at, end).arrayBuffer());
  } catch (cause) {
    throw new ClientError("file_unreadable", { cause });
  }
  if (bytes.length !== end - at) throw new ClientError("file_unreadable");
  return bytes;
}

/** Cuts a blob into the pieces of the store; one is written while the next one fills. */
class PieceWriter {
  readonly #blobs: BlobStore;
  readonly #name: string;
  readonly #watch: SealingWatch | undefined;
  #buffer = new Uint8Array(limits.attachmentPartBytes);
  /** What is being written, or was. */
  #other: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  #begun = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(blobs: BlobStore, name: string, watch: SealingWatch | undefined) {
    this.#blobs = blobs;
    this.#name = name;
    this.#watch = watch;
  }

  async push(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const taken = bytes.subarray(at, at + this.#buffer.length - this.#filled);
      this.#buffer.set(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
      if (this.#filled === this.#buffer.length) await this.end();
    }
  }

  /** Begins to write what is there; the last piece may be shorter. */
  async end(): Promise<void> {
    if (this.#filled === 0) return;
    await this.#writing;
    this.#writing = this.#write(this.#begun, this.#buffer.subarray(0, this.#filled));
    this.#writing.catch(() => undefined); // thrown by whoever waits for it next
    [this.#buffer, this.#other] = [this.#other ?? new Uint8Array(limits.attachmentPartBytes), this.#buffer];
    this.#begun += 1;
    this.#filled = 0;
  }

  async #write(piece: number, bytes: Uint8Array): Promise<void> {
    await this.#blobs.write(this.#name, piece, bytes);
    this.#watch?.written(piece + 1);
  }

  /** Throws `StoreError` when a piece could not be written. */
  written(): Promise<void> {
    return this.#writing;
  }
}
