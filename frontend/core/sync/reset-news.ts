/** What the server last said about a reset of this account. */
import type { DownEvent } from "#schema/protocol/down.ts";
import type { PendingResetView } from "../account/reset-api.ts";

export class ResetNews {
  readonly #changed: () => void;
  #pending: PendingResetView | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get pending(): PendingResetView | undefined {
    return this.#pending;
  }

  heard(events: readonly DownEvent[]): void {
    const last = events.findLast(({ type }) => type === "account:reset" || type === "inbox:state");
    if (last?.type === "account:reset" || last?.type === "inbox:state") this.set(last.reset);
  }

  set(reset: PendingResetView | undefined): void {
    const { requestedAtMs, effectiveAtMs } = this.#pending ?? {};
    if (reset?.requestedAtMs === requestedAtMs && reset?.effectiveAtMs === effectiveAtMs) return;
    this.#pending = reset && { requestedAtMs: reset.requestedAtMs, effectiveAtMs: reset.effectiveAtMs };
    this.#changed();
  }
}
