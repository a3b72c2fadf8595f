/** Goes on with a transfer until it is done or will never be: waits out lost networks and busy servers. */
import { SottoError } from "#schema/errors.ts";
import { ClientError } from "../client-api.ts";
import type { Environment } from "../environment.ts";
import { backoffDelayMs } from "../sync/backoff.ts";

export class Retrying {
  readonly #environment: Environment;
  readonly #wakers = new Set<() => void>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** The network is back, or the person asks: whoever waits tries again at once. */
  wake(): void {
    for (const waker of this.#wakers) waker();
  }

  /**
   * Runs `attempt` until it resolves. Throws what will not pass by itself, and `ClientError` `cancelled`.
   * `waiting` is called before each pause.
   */
  async run<Result>(
    attempt: () => Promise<Result>,
    { signal, waiting }: { readonly signal: AbortSignal; readonly waiting: () => void },
  ): Promise<Result> {
    for (let failures = 1; ; failures += 1) {
      try {
        if (signal.aborted) throw new ClientError("cancelled");
        return await attempt();
      } catch (error) {
        if (signal.aborted) throw new ClientError("cancelled", { cause: error });
        if (!(error instanceof SottoError) || error.remedy !== "retry_after") throw error;
        waiting();
        await this.#pause(Math.max(error.retryAfterMs ?? 0, this.#delayMs(failures)), signal);
      }
    }
  }

  #delayMs(failures: number): number {
    return backoffDelayMs(this.#environment.provider, failures);
  }

  #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancelTimer();
        this.#wakers.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const cancelTimer = this.#environment.setTimer(delayMs, done);
      this.#wakers.add(done);
      signal.addEventListener("abort", done);
    });
  }
}
