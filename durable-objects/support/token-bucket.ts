/** Exact rate limiting: a bucket refills at `perSecond` up to `burst`; each event takes one token. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #fullMilli: number;
  /** Thousandths of a token: whole numbers, so that nothing is lost to rounding. */
  #milli: number;
  #refilledAtMs: number;

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#fullMilli = burst * 1000;
    this.#milli = this.#fullMilli;
    this.#refilledAtMs = nowMs;
  }

  /** Takes tokens whether there are any or not; `take` then waits until the debt is paid. */
  spend(tokens: number): void {
    this.#milli -= Math.ceil(tokens * 1000);
  }

  /** Takes a token and returns 0, or takes none and returns how long to wait for one. */
  take(nowMs: number): number {
    const elapsedMs = Math.max(0, nowMs - this.#refilledAtMs);
    this.#milli = Math.min(this.#fullMilli, this.#milli + elapsedMs * this.#perSecond);
    this.#refilledAtMs = nowMs;
    if (this.#milli < 1000) return Math.ceil((1000 - this.#milli) / this.#perSecond);
    this.#milli -= 1000;
    return 0;
  }
}
