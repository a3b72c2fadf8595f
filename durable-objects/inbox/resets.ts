/**
 * Requests to reset an account whose keys are lost: they wait, any device may stop them, and one of them is carried out once. Activity
 * of a device ends none, because a device that runs says nothing about who has it.
 */
import { SottoError } from "#schema/errors.ts";
import { limits } from "#schema/limits.ts";
import type { OwnReset, PendingReset } from "#schema/rpc/inbox.ts";
import type { Sql } from "../support/sql.ts";

const columns =
  "requested_at_ms AS requestedAtMs, effective_at_ms AS effectiveAtMs, expires_at_ms AS expiresAtMs";

export class Resets {
  readonly #sql: Sql;
  readonly #now: () => number;

  constructor(sql: Sql, now: () => number) {
    this.#sql = sql;
    this.#now = now;
  }

  /** The one that can be carried out first. */
  pending(): PendingReset | undefined {
    const first = this.#waiting()[0];
    if (first === undefined) return undefined;
    const { requestedAtMs, effectiveAtMs } = first;
    return { requestedAtMs, effectiveAtMs };
  }

  /** The request of a claim, unless it is over. One that was carried out is over when the new device has come here. */
  own(claimHash: string): OwnReset | undefined {
    return this.#sql.first<{ [Key in keyof OwnReset]: OwnReset[Key] }>(
      `SELECT ${columns} FROM resets WHERE claim_hash = ? AND expires_at_ms > ?`,
      claimHash,
      this.#now(),
    );
  }

  lockedUntilMs(): number | undefined {
    const row = this.#sql.first<{ untilMs: number }>("SELECT reset_locked_until_ms AS untilMs FROM account");
    return row !== undefined && row.untilMs > this.#now() ? row.untilMs : undefined;
  }

  /** Begins to wait; an equal request is the same one. Throws `reset_locked`. */
  request(claimHash: string, delayMs: number): void {
    if (this.own(claimHash) !== undefined) return;
    this.clean();
    const nowMs = this.#now();
    const waiting = this.#waiting();
    const fullUntilMs = Math.min(...waiting.map(({ expiresAtMs }) => expiresAtMs));
    const untilMs =
      this.lockedUntilMs() ?? (waiting.length >= limits.resetRequests ? fullUntilMs : undefined);
    if (untilMs !== undefined) {
      throw new SottoError("reset_locked", "No reset can be asked for at present.", {
        retryAfterMs: untilMs - nowMs,
      });
    }
    const effectiveAtMs = nowMs + delayMs;
    this.#sql.all(
      "INSERT INTO resets VALUES (?, ?, ?, ?, NULL)",
      claimHash,
      nowMs,
      effectiveAtMs,
      effectiveAtMs + limits.resetWindowMs,
    );
  }

  /** Throws `reset_over`. */
  cancel(claimHash: string): void {
    if (this.own(claimHash) === undefined) throw over();
    this.#sql.all("DELETE FROM resets WHERE claim_hash = ?", claimHash);
  }

  /** A device says no. False when nothing waits. */
  stop(): boolean {
    if (this.#waiting().length === 0) return false;
    this.end();
    this.#sql.all("UPDATE account SET reset_locked_until_ms = ?", this.#now() + limits.resetLockMs);
    return true;
  }

  /** Every request is void. */
  end(): void {
    this.#sql.all("DELETE FROM resets");
  }

  /** The new device has come: its answer was not lost, and nobody needs to carry the reset out once more. */
  arrived(): void {
    const used = this.#sql.first("SELECT 1 AS found FROM resets WHERE used_list IS NOT NULL");
    if (used !== undefined) this.#sql.all("DELETE FROM resets WHERE used_list IS NOT NULL");
  }

  /** Inside the transaction that takes the list with hash `list`. Throws `reset_waiting`, `reset_over`. */
  carryOut(claimHash: string, list: string): void {
    this.#assertDue(claimHash);
    this.#sql.all("DELETE FROM resets WHERE claim_hash <> ?", claimHash);
    this.#sql.all("UPDATE resets SET used_list = ? WHERE claim_hash = ?", list, claimHash);
  }

  /** Whether the claim was carried out with this very list: its answer may have been lost. */
  isCarriedOut(claimHash: string, list: string): boolean {
    const row = this.#sql.first(
      "SELECT 1 AS found FROM resets WHERE claim_hash = ? AND used_list = ?",
      claimHash,
      list,
    );
    return row !== undefined;
  }

  clean(): void {
    this.#sql.all("DELETE FROM resets WHERE expires_at_ms <= ?", this.#now());
  }

  /** Throws `reset_waiting` before its time and `reset_over` for what was stopped, withdrawn, used, forgotten or never asked for. */
  #assertDue(claimHash: string): void {
    const own = this.own(claimHash);
    if (own === undefined) throw over();
    const waitMs = own.effectiveAtMs - this.#now();
    if (waitMs > 0) {
      throw new SottoError("reset_waiting", "This reset cannot be carried out yet.", {
        retryAfterMs: waitMs,
      });
    }
  }

  #waiting(): OwnReset[] {
    return this.#sql.all<{ [Key in keyof OwnReset]: OwnReset[Key] }>(
      `SELECT ${columns} FROM resets WHERE used_list IS NULL AND expires_at_ms > ? ORDER BY effective_at_ms`,
      this.#now(),
    );
  }
}

function over(): SottoError {
  return new SottoError("reset_over", "This reset is over or was never asked for.");
}
