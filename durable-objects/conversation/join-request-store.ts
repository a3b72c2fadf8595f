/** Who asked to be let into a group, and whom an admin refused. */
import type { AccountId } from "#schema/ids.ts";
import type { JoinRequest } from "#schema/rpc/conversation.ts";
import type { Sql } from "../support/sql.ts";

type Row = JoinRequest & { readonly refused: number };

const columns =
  "account, username, requested_at_ms AS requestedAtMs, public_key AS publicKey, proof, refused FROM join_requests";

export class JoinRequestStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Forgets what is too old, or was asked by another invite than the one with `publicKey`. */
  keepOnly(publicKey: string, sinceMs: number): void {
    this.#sql.all(
      "DELETE FROM join_requests WHERE requested_at_ms < ? OR public_key <> ?",
      sinceMs,
      publicKey,
    );
  }

  find(account: AccountId): Row | undefined {
    return this.#sql.first<{ [Key in keyof Row]: Row[Key] }>(`SELECT ${columns} WHERE account = ?`, account);
  }

  /** Oldest first; without the refused ones. */
  waiting(limit: number): JoinRequest[] {
    const rows = this.#sql.all<{ [Key in keyof Row]: Row[Key] }>(
      `SELECT ${columns} WHERE refused = 0 ORDER BY requested_at_ms, account LIMIT ?`,
      limit,
    );
    return rows.map(({ account, username, requestedAtMs, publicKey, proof }) => {
      return { account, username, requestedAtMs, publicKey, proof };
    });
  }

  add({ account, username, requestedAtMs, publicKey, proof }: JoinRequest): void {
    this.#sql.all(
      `INSERT INTO join_requests (account, username, requested_at_ms, public_key, proof, refused)
       VALUES (?, ?, ?, ?, ?, 0)`,
      account,
      username,
      requestedAtMs,
      publicKey,
      proof,
    );
  }

  refuse(account: AccountId): void {
    this.#sql.all("UPDATE join_requests SET refused = 1 WHERE account = ?", account);
  }

  remove(account: AccountId): void {
    this.#sql.all("DELETE FROM join_requests WHERE account = ?", account);
  }
}
