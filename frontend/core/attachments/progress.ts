/** Tells how far a transfer is, in bytes of the file, not more often than eyes can follow. */
import type { AttachmentRef, ClientEvent, TransferState } from "../client-api.ts";

const intervalMs = 100;

export class Progress {
  readonly #ref: Omit<AttachmentRef, "seq">;
  readonly #total: { readonly fileBytes: number; readonly blobBytes: number };
  readonly #emit: (event: ClientEvent) => void;
  readonly #nowMs: () => number;
  #doneBytes = 0;
  #toldAtMs = 0;

  constructor(
    ref: Omit<AttachmentRef, "seq">,
    total: { readonly fileBytes: number; readonly blobBytes: number },
    emit: (event: ClientEvent) => void,
    nowMs: () => number,
  ) {
    this.#ref = ref;
    this.#total = total;
    this.#emit = emit;
    this.#nowMs = nowMs;
  }

  /** So much of the blob has moved. */
  moved(blobBytes: number): void {
    this.#doneBytes = blobBytes;
    if (this.#nowMs() - this.#toldAtMs >= intervalMs) this.tell("running");
  }

  tell(state: TransferState): void {
    this.#toldAtMs = this.#nowMs();
    const { conversationId, clientMessageId, index } = this.#ref;
    const { fileBytes: totalBytes, blobBytes } = this.#total;
    const doneBytes =
      state === "done"
        ? totalBytes
        : Math.floor((Math.min(this.#doneBytes, blobBytes) / blobBytes) * totalBytes);
    this.#emit({ type: "transfer", conversationId, clientMessageId, index, state, doneBytes, totalBytes });
  }
}

/** The progress of a file whose parts move side by side. */
export class PartProgress {
  readonly #progress: Progress;
  readonly #bytes = new Map<number, number>();

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  /** So much of this part has moved. */
  moved(part: number, bytes: number): void {
    this.#bytes.set(part, bytes);
    this.#progress.moved([...this.#bytes.values()].reduce((sum, moved) => sum + moved, 0));
  }
}
