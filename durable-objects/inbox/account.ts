/** The one row that says whose inbox this is, and the epoch that conversation objects follow. */
import type { AccountId } from "#schema/ids.ts";
import { hasTable, type Sql } from "../support/sql.ts";

export interface AccountRow {
  readonly account: AccountId;
  readonly username: string;
  readonly epoch: number;
}

/** Undefined while no account lives here; asking writes nothing. */
export function loadAccount(sql: Sql): AccountRow | undefined {
  if (!hasTable(sql, "account")) return undefined;
  return sql.first<{ account: AccountId; username: string; epoch: number }>(
    "SELECT account_id AS account, username, epoch FROM account",
  );
}

export function createAccount(sql: Sql, account: AccountId, username: string, nowMs: number): void {
  sql.all(
    "INSERT INTO account (account_id, username, created_at_ms, epoch) VALUES (?, ?, ?, 0)",
    account,
    username,
    nowMs,
  );
}

/** Notes a change that conversation objects must hear of. Returns the new epoch. */
export function nextEpoch(sql: Sql): number {
  const row = sql.first<{ epoch: number }>("UPDATE account SET epoch = epoch + 1 RETURNING epoch");
  return row?.epoch ?? 0;
}
