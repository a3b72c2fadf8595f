/** Opens ranges of files: from this device where they are here, else straight from the server (SPEC AT23). */
import { attachmentChunkBytes, attachmentHeadBytes } from "#schema/envelope/attachment-size.ts";
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { type Bytes, concat } from "#schema/envelope/bytes.ts";
import { SottoError } from "#schema/errors.ts";
import type { ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { ClientError } from "../client-api.ts";
import { AttachmentReader } from "../crypto/attachment/attachment.ts";
import { isCryptoError } from "../crypto/errors.ts";
import type { Provider } from "../crypto/provider.ts";
import type { StoredAttachment } from "../store/tables.ts";
import type { BlobCache } from "./blob-cache.ts";
import type { BlobTransfers } from "./blob-transfers.ts";
import { DamagedFileError } from "./damaged-file.ts";
import { addressOf, blobNameOf } from "./stored-attachment.ts";

/** Opened one after another when a video is watched; their heads and keys are kept. */
const readersMax = 8;
const pieceBytes = limits.attachmentPartBytes;

export class FileRanges {
  readonly #provider: Provider;
  readonly #cache: BlobCache;
  readonly #transfers: BlobTransfers;
  readonly #readers = new Map<string, AttachmentReader>();
  /** The piece read last: ranges of one file mostly follow one another. */
  #piece: { readonly name: string; readonly index: number; readonly bytes: Uint8Array } | undefined;

  constructor(provider: Provider, cache: BlobCache, transfers: BlobTransfers) {
    this.#provider = provider;
    this.#cache = cache;
    this.#transfers = transfers;
  }

  /**
   * Bytes `from … from+length-1` of the file, fewer at its end. Throws `ClientError` `file_gone`, `SottoError`,
   * `DamagedFileError`; what is damaged here is forgotten, so that the next read fetches it anew.
   */
  async read(
    conversationId: ConversationId,
    attachment: StoredAttachment,
    from: number,
    length: number,
  ): Promise<Bytes> {
    const end = Math.min(from + length, attachment.sizeBytes);
    if (!(Number.isSafeInteger(from) && from >= 0) || !(end > from)) return new Uint8Array(0);
    const name = blobNameOf(this.#provider, conversationId, attachment);
    try {
      const reader = await this.#readerOf(name, conversationId, attachment);
      const ranges = reader.rangesOf(from, end);
      const [first, last] = [ranges[0], ranges.at(-1)];
      if (first === undefined || last === undefined) return new Uint8Array(0);
      const sealed = await this.#sealed(name, conversationId, attachment, first.start, last.end);
      const bytes = new Uint8Array(end - from);
      for (const { index, start, end: stop } of ranges) {
        const opened = reader.open(index, sealed.subarray(start - first.start, stop - first.start));
        const at = index * attachmentChunkBytes - from;
        bytes.set(opened.subarray(Math.max(0, -at), end - from - at), Math.max(0, at));
      }
      return bytes;
    } catch (error) {
      if (error instanceof SottoError && error.kind === "not_found") {
        throw new ClientError("file_gone", { cause: error });
      }
      if (!isCryptoError(error)) throw error;
      this.#readers.delete(name);
      if (this.#piece?.name === name) this.#piece = undefined;
      if (this.#cache.isWhole(name)) await this.#cache.remove(name);
      throw new DamagedFileError("damaged", { cause: error });
    }
  }

  async #readerOf(
    name: string,
    conversationId: ConversationId,
    attachment: StoredAttachment,
  ): Promise<AttachmentReader> {
    const known = this.#readers.get(name);
    if (known !== undefined) return known;
    const head = await this.#sealed(name, conversationId, attachment, 0, attachmentHeadBytes);
    const { sizeBytes, blobBytes } = attachment;
    const promise = {
      fileKey: decodeBase64url(attachment.fileKey),
      sizeBytes,
      blobBytes,
      blobHash: decodeBase64url(attachment.blobHash),
    };
    const address = addressOf(conversationId, attachment.attachmentId);
    const reader = new AttachmentReader(this.#provider, address, promise, head);
    this.#readers.set(name, reader);
    const [oldest] = this.#readers.keys();
    if (this.#readers.size > readersMax && oldest !== undefined) this.#readers.delete(oldest);
    return reader;
  }

  /** Bytes `from … below-1` of the blob. */
  async #sealed(
    name: string,
    conversationId: ConversationId,
    { attachmentId }: StoredAttachment,
    from: number,
    below: number,
  ): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let at = from; at < below;) {
      const index = Math.floor(at / pieceBytes);
      const stop = Math.min(below, (index + 1) * pieceBytes);
      const piece = this.#cache.isWhole(name) ? await this.#localPiece(name, index) : undefined;
      const offset = at - index * pieceBytes;
      parts.push(
        piece?.subarray(offset, offset + stop - at) ??
          (await this.#transfers.read(
            { conversationId, attachmentId },
            { from: at, below: stop },
            unwatched,
          )),
      );
      at = stop;
    }
    return parts.length === 1 ? parts[0]! : concat(...parts);
  }

  async #localPiece(name: string, index: number): Promise<Uint8Array | undefined> {
    if (this.#piece?.name === name && this.#piece.index === index) return this.#piece.bytes;
    const bytes = await this.#cache.blobs.read(name, index);
    if (bytes !== undefined) this.#piece = { name, index, bytes };
    return bytes;
  }
}

const unwatched = { signal: new AbortController().signal, progress: () => undefined };
