/** Brings whole files to this device, sealed as they are; what is there already is not fetched again (SPEC AT22). */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import { partCount, partRange } from "#schema/http/attachments.ts";
import type { ConversationId } from "#schema/ids.ts";
import { type AttachmentRef, type ClientEvent, ClientError } from "../client-api.ts";
import type { Provider } from "../crypto/provider.ts";
import type { Environment } from "../environment.ts";
import type { StoredAttachment } from "../store/tables.ts";
import type { BlobCache } from "./blob-cache.ts";
import type { BlobTransfers } from "./blob-transfers.ts";
import { DamagedFileError } from "./damaged-file.ts";
import { inOrder } from "./in-order.ts";
import { PartProgress, Progress } from "./progress.ts";
import { Retrying } from "./retrying.ts";
import { blobNameOf } from "./stored-attachment.ts";

/** At once: each holds a few pieces in memory. */
const concurrentMax = 3;
/** Pieces of one file that are fetched while an earlier one is hashed and written. */
const piecesAhead = 1;

interface Running {
  readonly promise: Promise<void>;
  readonly abort: AbortController;
}

export interface DownloadsContext {
  readonly environment: Environment;
  readonly provider: Provider;
  readonly cache: BlobCache;
  readonly transfers: BlobTransfers;
  readonly emit: (event: ClientEvent) => void;
}

export class Downloads {
  readonly #context: DownloadsContext;
  readonly #retrying: Retrying;
  readonly #running = new Map<string, Running>();
  readonly #queue: (() => void)[] = [];
  #active = 0;

  constructor(context: DownloadsContext) {
    this.#context = context;
    this.#retrying = new Retrying(context.environment);
  }

  wake(): void {
    this.#retrying.wake();
  }

  stop(): void {
    for (const { abort } of this.#running.values()) abort.abort();
  }

  /**
   * Resolves when the file is here, whole and as it was promised. Waits for the network as long as it takes. Throws
   * `ClientError` `file_gone` and `cancelled`, `DamagedFileError`, `StoreError`.
   */
  async download(ref: AttachmentRef, attachment: StoredAttachment): Promise<void> {
    const name = this.#nameOf(ref.conversationId, attachment);
    if (this.#context.cache.isWhole(name)) return;
    const known = this.#running.get(name);
    if (known !== undefined) return known.promise;
    const abort = new AbortController();
    const promise = this.#inTurn(() => this.#fetch(name, ref, attachment, abort.signal)).finally(() =>
      this.#running.delete(name),
    );
    this.#running.set(name, { promise, abort });
    return promise;
  }

  cancel(ref: AttachmentRef, attachment: StoredAttachment): void {
    this.#running.get(this.#nameOf(ref.conversationId, attachment))?.abort.abort();
  }

  async #fetch(
    name: string,
    ref: AttachmentRef,
    attachment: StoredAttachment,
    signal: AbortSignal,
  ): Promise<void> {
    const { environment, emit, cache } = this.#context;
    const { sizeBytes: fileBytes, blobBytes } = attachment;
    const progress = new Progress(ref, { fileBytes, blobBytes }, emit, environment.nowMs);
    try {
      progress.tell("running");
      await cache.mark(name, "partial", blobBytes);
      await this.#retrying.run(
        () => this.#fetchPieces(name, ref.conversationId, attachment, progress, signal),
        {
          signal,
          waiting: () => progress.tell("waiting"),
        },
      );
      await cache.mark(name, "whole", blobBytes);
      await cache.trim(name);
      progress.tell("done");
      emit({ type: "messages", conversationId: ref.conversationId });
    } catch (error) {
      progress.tell("failed");
      if (error instanceof DamagedFileError) await cache.remove(name);
      if (error instanceof SottoError && error.kind === "not_found") {
        throw new ClientError("file_gone", { cause: error });
      }
      throw error;
    }
  }

  /** Throws `DamagedFileError` unless the blob is what its sender hashed. Chunks are verified besides whenever they are opened. */
  async #fetchPieces(
    name: string,
    conversationId: ConversationId,
    attachment: StoredAttachment,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<void> {
    const { cache, transfers, provider } = this.#context;
    const { attachmentId, blobBytes, blobHash } = attachment;
    const there = new Set(await cache.blobs.pieces(name));
    const hasher = provider.sha256Hasher();
    const moving = new PartProgress(progress);
    const pieces = inOrder(partCount(blobBytes), piecesAhead, signal, async (part, stop) => {
      const range = partRange(blobBytes, part);
      const length = range.below - range.from;
      if (there.has(part - 1)) {
        const bytes = await cache.blobs.read(name, part - 1);
        if (bytes?.length !== length) throw new DamagedFileError();
        moving.moved(part, length);
        return bytes;
      }
      if (stop.aborted) throw new ClientError("cancelled");
      const watch = { signal: stop, progress: (bytes: number) => moving.moved(part, bytes) };
      const bytes = await transfers.read({ conversationId, attachmentId }, range, watch);
      await cache.blobs.write(name, part - 1, bytes);
      return bytes;
    });
    for await (const piece of pieces) hasher.update(piece);
    if (encodeBase64url(hasher.digest()) !== blobHash) throw new DamagedFileError();
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    if (this.#active >= concurrentMax) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#active += 1;
    try {
      await work();
    } finally {
      this.#active -= 1;
      this.#queue.shift()?.();
    }
  }

  #nameOf(conversationId: ConversationId, attachment: StoredAttachment): string {
    return blobNameOf(this.#context.provider, conversationId, attachment);
  }
}
