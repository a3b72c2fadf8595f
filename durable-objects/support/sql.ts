/** The little of SQLite that the cores use, so that they run on an object's storage and on plain Node alike. */
export type SqlBinding = string | number | null | Uint8Array<ArrayBuffer>;
/** A blob is read as what the platform gives. */
export type SqlValue = SqlBinding | ArrayBuffer;
export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface Sql {
  /** All rows of one statement. The caller names the columns it selected. */
  all<Row extends SqlRow>(statement: string, ...bindings: readonly SqlBinding[]): Row[];
  /** First row or undefined. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the columns, as with `all`
  first<Row extends SqlRow>(statement: string, ...bindings: readonly SqlBinding[]): Row | undefined;
  /** Commits what `work` wrote, or nothing when it throws. Does not nest. */
  transaction<Result>(work: () => Result): Result;
}

/** Whether the storage holds anything; asking writes nothing. */
export function hasTable(sql: Sql, table: string): boolean {
  return sql.first("SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?", table) !== undefined;
}
