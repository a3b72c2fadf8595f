/** A clock and timers that move only when a test says so. */
import type { Environment } from "#core/environment.ts";

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export class ManualTime {
  #nowMs = 1_800_000_000_000;
  readonly #timers = new Set<Timer>();

  readonly parts: Pick<Environment, "nowMs" | "setTimer"> = {
    nowMs: () => this.#nowMs,
    setTimer: (delayMs, callback) => {
      const timer = { dueMs: this.#nowMs + delayMs, callback };
      this.#timers.add(timer);
      return () => this.#timers.delete(timer);
    },
  };

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Milliseconds until the next timer, if any. */
  get nextMs(): number | undefined {
    const due = [...this.#timers].map(({ dueMs }) => dueMs);
    return due.length === 0 ? undefined : Math.min(...due) - this.#nowMs;
  }

  /** Moves on, running what becomes due in order, and lets promises settle in between. */
  async pass(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    for (;;) {
      await settle();
      const [next] = [...this.#timers]
        .filter(({ dueMs }) => dueMs <= untilMs)
        .sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
    }
    this.#nowMs = untilMs;
  }
}

/** Lets every promise that can settle do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
