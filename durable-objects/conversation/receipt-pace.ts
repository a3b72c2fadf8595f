/** When watermarks are written: at once among few members; among many, where all of them answer every message, a second's together. */
import { limits } from "#schema/limits.ts";

const paceMs = 1_000;

export interface ReceiptPaceContext {
  readonly members: () => number;
  readonly pause: (delayMs: number) => Promise<void>;
  readonly flush: () => void;
}

export class ReceiptPace {
  readonly #context: ReceiptPaceContext;
  #isPlanned = false;
  #isRipe = false;

  constructor(context: ReceiptPaceContext) {
    this.#context = context;
  }

  /** A watermark waits: arranges the flush that writes it. */
  arrived(): void {
    if (this.#isPrompt) return this.#context.flush();
    if (this.#isPlanned) return;
    void this.#ripen();
  }

  /** Whether the flush that happens now writes the waiting watermarks. */
  take(): boolean {
    const isRipe = this.#isRipe || this.#isPrompt;
    this.#isRipe = false;
    return isRipe;
  }

  async #ripen(): Promise<void> {
    this.#isPlanned = true;
    await this.#context.pause(paceMs);
    this.#isPlanned = false;
    this.#isRipe = true;
    this.#context.flush();
  }

  get #isPrompt(): boolean {
    return this.#context.members() <= limits.promptReceiptsMembers;
  }
}
