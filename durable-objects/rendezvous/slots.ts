/** The four messages of one link, each written once and in order, for two minutes. Every method commits as a whole. */
import { SottoError } from "#schema/errors.ts";
import type { AccountId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { type LinkSlot, linkSlots, type ReadInput, type WriteInput } from "#schema/rpc/rendezvous.ts";
import { refusal } from "../support/error-events.ts";
import { hasTable, type Sql } from "../support/sql.ts";

export interface SlotsContext {
  readonly sql: Sql;
  readonly now: () => number;
  /** Creates the tables; called before anything is written. */
  readonly migrate: () => void;
}

interface LinkRow {
  readonly openedAtMs: number;
  readonly account: AccountId | null;
  readonly over: number;
}

export class Slots {
  readonly #context: SlotsContext;

  constructor(context: SlotsContext) {
    this.#context = context;
  }

  /** When the link was opened; undefined before its first message. */
  get openedAtMs(): number | undefined {
    return this.#load()?.openedAtMs;
  }

  /** Returns until when the link lives. */
  write({ slot, data, account }: WriteInput): { readonly expiresAtMs: number } {
    const { sql, now, migrate } = this.#context;
    if (this.#load() === undefined && slot !== linkSlots[0]) throw refusal("not_found");
    migrate();
    return sql.transaction(() => {
      const { openedAtMs } = this.#enter(account) ?? this.#open(now());
      const taken = this.#message(slot);
      if (taken !== undefined && taken !== data) {
        throw new SottoError("slot_taken", "Another message was left here before.");
      }
      const before = linkSlots[linkSlots.indexOf(slot) - 1];
      if (before !== undefined && this.#message(before) === undefined) throw refusal("not_found");
      if (taken === undefined) sql.all("INSERT INTO messages VALUES (?, ?)", slot, data);
      return { expiresAtMs: openedAtMs + limits.linkMs };
    });
  }

  /** Undefined: not there yet. */
  read({ slot, account }: Pick<ReadInput, "slot" | "account">): string | undefined {
    if (this.#load() === undefined) return undefined;
    return this.#context.sql.transaction(() => {
      this.#enter(account);
      return this.#message(slot);
    });
  }

  /** Nothing is kept but that the id was used. An id that never was stays unknown. */
  end(): void {
    if (this.#load() === undefined) return;
    const { sql } = this.#context;
    sql.transaction(() => {
      sql.all("DELETE FROM messages");
      sql.all("UPDATE link SET account = NULL, over = 1");
    });
  }

  /** The link, if it was opened. The first account that comes is the only one. */
  #enter(account: AccountId | undefined): LinkRow | undefined {
    const row = this.#load();
    if (row === undefined) return undefined;
    const { now, sql } = this.#context;
    if (row.over === 1 || now() >= row.openedAtMs + limits.linkMs) {
      throw new SottoError("link_over", "This link has been used, ended or run out.");
    }
    if (account === undefined) return row;
    if (row.account !== null && row.account !== account) throw refusal("forbidden");
    if (row.account === null) sql.all("UPDATE link SET account = ?", account);
    return row;
  }

  #open(openedAtMs: number): LinkRow {
    this.#context.sql.all("INSERT INTO link VALUES (?, NULL, 0)", openedAtMs);
    return { openedAtMs, account: null, over: 0 };
  }

  #message(slot: LinkSlot): string | undefined {
    return this.#context.sql.first<{ data: string }>("SELECT data FROM messages WHERE slot = ?", slot)?.data;
  }

  #load(): LinkRow | undefined {
    const { sql } = this.#context;
    if (!hasTable(sql, "link")) return undefined;
    return sql.first<{ [Key in keyof LinkRow]: LinkRow[Key] }>(
      "SELECT opened_at_ms AS openedAtMs, account, over FROM link",
    );
  }
}
