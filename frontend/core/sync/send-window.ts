/** How many messages of one conversation may be on the wire, and when the next ones may follow. */
import type { ClientMessageId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { Environment } from "../environment.ts";

const framesInFlight = 64;
/** Without an answer for this long the same bytes go again; the server knows them by their id. */
const answerDeadlineMs = 20_000;
/** Kept below the server's rate, so that a refusal (and a possible reordering) stays the exception. */
const paceShare = 0.95;

export class SendWindow {
  readonly #environment: Environment;
  readonly #wake: () => void;
  readonly #inFlight = new Set<ClientMessageId>();
  readonly #mismatches = new Map<ClientMessageId, number>();
  #pausedUntilMs = 0;
  #holding = false;
  #allowance = limits.messageBurst * paceShare;
  #countedAtMs: number;
  #cancelWake: (() => void) | undefined;
  #cancelDeadline: () => void = () => undefined;

  /** `wake` is called when a pause is over. */
  constructor(environment: Environment, wake: () => void) {
    this.#environment = environment;
    this.#wake = wake;
    this.#countedAtMs = environment.nowMs();
  }

  has(id: ClientMessageId): boolean {
    return this.#inFlight.has(id);
  }

  /** How many more may be sent now. When none, `wake` is arranged unless an answer will bring it. */
  free(): number {
    if (this.#holding && this.#inFlight.size > 0) return 0;
    this.#holding = false;
    const nowMs = this.#environment.nowMs();
    if (nowMs < this.#pausedUntilMs) {
      this.#wakeIn(this.#pausedUntilMs - nowMs);
      return 0;
    }
    const perMs = (limits.messagesPerSecond * paceShare) / 1_000;
    const earned = Math.max(0, nowMs - this.#countedAtMs) * perMs;
    this.#allowance = Math.min(limits.messageBurst * paceShare, this.#allowance + earned);
    this.#countedAtMs = nowMs;
    const free = Math.min(framesInFlight - this.#inFlight.size, Math.floor(this.#allowance));
    if (this.#allowance < 1) this.#wakeIn(Math.ceil((1 - this.#allowance) / perMs));
    return Math.max(0, free);
  }

  sent(id: ClientMessageId): void {
    this.#inFlight.add(id);
    this.#allowance -= 1;
    this.#watch();
  }

  answered(id: ClientMessageId): void {
    this.#inFlight.delete(id);
    this.#watch();
  }

  /** A new socket: nothing is in flight on it. */
  reset(): void {
    this.#inFlight.clear();
    this.#holding = false;
    this.#cancelDeadline();
  }

  /** After a refusal nothing follows until every answer is in, so that the order is kept. */
  holdUntilQuiet(): void {
    this.#holding = true;
  }

  pauseUntil(timeMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, timeMs);
    this.#wakeIn(timeMs - this.#environment.nowMs());
  }

  countMismatch(id: ClientMessageId): number {
    const count = (this.#mismatches.get(id) ?? 0) + 1;
    this.#mismatches.set(id, count);
    return count;
  }

  forgetMismatches(id: ClientMessageId): void {
    this.#mismatches.delete(id);
  }

  #wakeIn(delayMs: number): void {
    this.#cancelWake?.();
    this.#cancelWake = this.#environment.setTimer(Math.max(delayMs, 1), () => {
      this.#cancelWake = undefined;
      this.#wake();
    });
  }

  #watch(): void {
    this.#cancelDeadline();
    if (this.#inFlight.size === 0) return;
    this.#cancelDeadline = this.#environment.setTimer(answerDeadlineMs, () => {
      this.reset();
      this.#wake();
    });
  }
}
