/** What the server last said about this account as a whole: a reset that was asked for, another password, who waits to be let in. */
import type { DownEvent } from "#schema/protocol/down.ts";
import type { PasswordChangeView } from "../account/password-api.ts";
import type { PendingResetView } from "../account/reset-api.ts";

export class AccountNews {
  readonly #changed: (what: "alarms" | "joins") => void;
  #reset: PendingResetView | undefined;
  #password: PasswordChangeView | undefined;
  #isQuiet = false;

  constructor(changed: (what: "alarms" | "joins") => void) {
    this.#changed = changed;
  }

  get reset(): PendingResetView | undefined {
    return this.#reset;
  }

  get password(): PasswordChangeView | undefined {
    return this.#isQuiet ? undefined : this.#password;
  }

  heard(events: readonly DownEvent[]): void {
    for (const event of events) {
      if (event.type === "account:reset" || event.type === "inbox:state") this.setReset(event.reset);
      else if (event.type === "group:joins") this.#changed("joins");
      else if (event.type === "account:password") {
        const { changedAtMs, device } = event;
        if (changedAtMs === this.#password?.changedAtMs) continue;
        this.#password = { changedAtMs, device };
        this.#changed("alarms");
      }
    }
  }

  setReset(reset: PendingResetView | undefined): void {
    const { requestedAtMs, effectiveAtMs } = this.#reset ?? {};
    if (reset?.requestedAtMs === requestedAtMs && reset?.effectiveAtMs === effectiveAtMs) return;
    this.#reset = reset && { requestedAtMs: reset.requestedAtMs, effectiveAtMs: reset.effectiveAtMs };
    this.#changed("alarms");
  }

  /** Says nothing of the password while `work` runs: its person knows. */
  async quietly<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#isQuiet = true;
    try {
      return await work();
    } finally {
      this.#isQuiet = false;
      this.#changed("alarms");
    }
  }
}
