/** When the account's password was last changed, and from where: what every device is told (SPEC AU82). */
import type { DeviceId } from "#schema/ids.ts";
import type { PasswordChange } from "#schema/protocol/inbox.ts";
import type { Sql } from "../support/sql.ts";

export class Password {
  readonly #sql: Sql;
  readonly #now: () => number;

  constructor(sql: Sql, now: () => number) {
    this.#sql = sql;
    this.#now = now;
  }

  note(device: DeviceId): number {
    const changedAtMs = this.#now();
    this.#sql.all(
      "UPDATE account SET password_changed_at_ms = ?, password_changed_by = ?",
      changedAtMs,
      device,
    );
    return changedAtMs;
  }

  /** Undefined while it is that of the registration. */
  lastChange(): PasswordChange | undefined {
    const row = this.#sql.first<{ changedAtMs: number; device: number }>(
      "SELECT password_changed_at_ms AS changedAtMs, password_changed_by AS device FROM account",
    );
    return row === undefined || row.changedAtMs === 0 ? undefined : row;
  }
}
