/**
 * The head start of an upload: what is sealed of a file goes up while the rest is being sealed. It is a favour, not a
 * promise: whatever goes wrong here is left to the upload itself, which begins when the file is sealed and asks the server
 * what is there.
 */
import { partCount } from "#schema/http/attachments.ts";
import type { AttachmentId, ConversationId } from "#schema/ids.ts";
import type { BlobStore } from "../store/blob-store.ts";
import type { BlobPlace } from "./blob-transfers.ts";
import type { SealingBlob, SealingWatch } from "./sealing.ts";
import { type PartsToSend, sendParts, type UploadCalls } from "./sending-parts.ts";

export interface HeadStartContext {
  readonly transfers: UploadCalls;
  readonly blobs: BlobStore;
  /** Those that were begun and not taken over yet. */
  readonly known: Map<AttachmentId, HeadStart>;
}

export class HeadStart implements SealingWatch {
  readonly #context: HeadStartContext;
  readonly #conversationId: ConversationId;
  readonly #abort = new AbortController();
  #place: BlobPlace | undefined;
  #sending: Promise<void> = Promise.resolve();
  #written = 0;
  #isOver = false;
  #wake = Promise.withResolvers<void>();
  #moved: PartsToSend["moved"] = () => undefined;

  constructor(context: HeadStartContext, conversationId: ConversationId) {
    this.#context = context;
    this.#conversationId = conversationId;
  }

  /** A file of one part is sealed before its upload could begin. */
  begun(blob: SealingBlob): void {
    if (partCount(blob.blobBytes) === 1) return;
    const { attachmentId } = blob;
    this.#place = { conversationId: this.#conversationId, attachmentId };
    this.#context.known.set(attachmentId, this);
    this.#sending = this.#send(this.#place, blob).catch(() => undefined); // found out again by the upload itself
  }

  written(pieces: number): void {
    this.#written = pieces;
    this.#stir();
  }

  /** Begins no further part, and resolves when those under way are through; `signal` breaks them off. */
  async handOver(signal: AbortSignal, moved: PartsToSend["moved"]): Promise<void> {
    this.#moved = moved;
    this.#isOver = true;
    this.#stir();
    const breakOff = () => this.breakOff();
    signal.addEventListener("abort", breakOff);
    if (signal.aborted) breakOff();
    await this.#sending;
    signal.removeEventListener("abort", breakOff);
  }

  breakOff(): void {
    this.#isOver = true;
    this.#abort.abort();
    this.#stir();
  }

  /** The file is not to be sent. What cannot be removed from the server now goes by itself. */
  async undo(): Promise<void> {
    if (this.#place === undefined) return;
    const { known, transfers } = this.#context;
    known.delete(this.#place.attachmentId);
    this.breakOff();
    await this.#sending;
    await transfers.delete(this.#place).catch(() => undefined); // as said above
  }

  async #send(place: BlobPlace, { name, blobBytes }: SealingBlob): Promise<void> {
    const { transfers, blobs } = this.#context;
    const { received, complete } = await transfers.begin(place, blobBytes);
    if (complete || this.#isOver) return;
    await sendParts(transfers, blobs, {
      place,
      name,
      blobBytes,
      received,
      ahead: 0,
      signal: this.#abort.signal,
      moved: (part, bytes) => this.#moved(part, bytes),
      available: (part) => this.#available(part),
    });
  }

  async #available(part: number): Promise<boolean> {
    while (!this.#isOver && this.#written < part) await this.#wake.promise;
    return !this.#isOver;
  }

  #stir(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}
