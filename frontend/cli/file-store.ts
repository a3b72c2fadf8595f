/** The command line's store: one SQLite file in the home folder. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import {
  assertOperations,
  type Store,
  StoreError,
  type StoreRange,
  type StoredRecord,
} from "#core/store/store.ts";

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA secure_delete = ON;
  CREATE TABLE IF NOT EXISTS records (
    tbl TEXT NOT NULL, key TEXT NOT NULL, generation INTEGER NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (tbl, key)
  ) WITHOUT ROWID, STRICT;
`;

/** Synchronous underneath, so every commit is one uninterrupted transaction. */
export class FileStore implements Store {
  readonly #database: DatabaseSync;
  readonly #get: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(schema);
    this.#get = this.#database.prepare(
      "SELECT key, generation, value FROM records WHERE tbl = ? AND key = ?",
    );
    this.#insert = this.#database.prepare("INSERT OR IGNORE INTO records VALUES (?, ?, 1, ?)");
    this.#update = this.#database.prepare(
      "UPDATE records SET generation = generation + 1, value = ? WHERE tbl = ? AND key = ? AND generation = ?",
    );
    this.#delete = this.#database.prepare("DELETE FROM records WHERE tbl = ? AND key = ? AND generation = ?");
  }

  async get(table: string, key: string): Promise<StoredRecord | undefined> {
    const row = translate(() => this.#get.get(table, key));
    return row === undefined ? undefined : toRecord(row);
  }

  async list(table: string, range: StoreRange): Promise<StoredRecord[]> {
    const { from = "", below = "\x7f", descending = false, limit = -1 } = range;
    const order = descending ? "DESC" : "ASC";
    return translate(() =>
      this.#database
        .prepare(
          `SELECT key, generation, value FROM records WHERE tbl = ? AND key >= ? AND key < ? ORDER BY key ${order} LIMIT ?`,
        )
        .all(table, from, below, limit)
        .map(toRecord),
    );
  }

  async commit(operations: Parameters<Store["commit"]>[0]): Promise<void> {
    assertOperations(operations);
    translate(() => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        for (const operation of operations) {
          if (this.#apply(operation) !== 1) throw new StoreError("CAS_CONFLICT");
        }
        this.#database.exec("COMMIT");
      } catch (error) {
        this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  async clear(): Promise<void> {
    translate(() => this.#database.exec("DELETE FROM records; VACUUM; PRAGMA wal_checkpoint(TRUNCATE);"));
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  /** How many rows changed: one, unless the expected generation is not there. */
  #apply(operation: Parameters<Store["commit"]>[0][number]): number {
    const { table, key, expected } = operation;
    if (operation.type === "put") {
      const { value } = operation;
      const changed =
        expected === 0 ? this.#insert.run(table, key, value) : this.#update.run(value, table, key, expected);
      return Number(changed.changes);
    }
    if (expected === 0) return this.#get.get(table, key) === undefined ? 1 : 0;
    return Number(this.#delete.run(table, key, expected).changes);
  }
}

function toRecord(row: Record<string, unknown>): StoredRecord {
  const { key, generation, value } = row;
  if (typeof key !== "string" || typeof generation !== "number" || !(value instanceof Uint8Array)) {
    throw new StoreError("STORAGE_FAILED");
  }
  return { key, generation, value };
}

function translate<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError("STORAGE_FAILED", { cause: error });
  }
}
