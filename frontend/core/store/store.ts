/**
 * Where a client keeps its records: an ordered key-value store with one atomic, durable, compare-and-swap commit.
 *
 * Every record carries a generation: 1 when it is created, one more with every put. An operation names the generation
 * it was computed from (0: the record must not exist). Two owners of one store can therefore never both advance a
 * ratchet from the same state (CRYPTO 2.17 rule 2).
 */

/** A record as a backend holds it. */
export interface StoredRecord {
  readonly key: string;
  /** 1, 2, 3 … */
  readonly generation: number;
  readonly value: Uint8Array;
}

/** `expected`: the generation that must be there for the whole commit to happen; 0 for none. */
export type StoreOperation =
  | {
      readonly type: "put";
      readonly table: string;
      readonly key: string;
      readonly expected: number;
      readonly value: Uint8Array;
    }
  | { readonly type: "delete"; readonly table: string; readonly key: string; readonly expected: number };

/** Keys of one table from `from` (inclusive) to `below` (exclusive), in ascending order unless `descending`. */
export interface StoreRange {
  readonly from?: string;
  readonly below?: string;
  readonly descending?: boolean;
  readonly limit?: number;
}

export interface Store {
  get(table: string, key: string): Promise<StoredRecord | undefined>;
  list(table: string, range: StoreRange): Promise<StoredRecord[]>;
  /**
   * Applies every operation or none, durable when it resolves. A key may occur once per commit.
   * Throws `StoreError` `CAS_CONFLICT` or `STORAGE_FAILED`; in both cases nothing was written.
   */
  commit(operations: readonly StoreOperation[]): Promise<void>;
  /** Removes every record of every table. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export type StoreErrorCode = "CAS_CONFLICT" | "STORAGE_FAILED";

/** `CAS_CONFLICT`: another owner wrote first, read again. `STORAGE_FAILED`: quota, aborted, closed, damaged. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, options: { cause?: unknown } = {}) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}

export function isCasConflict(error: unknown): boolean {
  return error instanceof StoreError && error.code === "CAS_CONFLICT";
}

const keyPattern = /^[\x20-\x7e]+$/;

/** Keys and table names are printable ASCII, so that every backend sorts them alike. Throws `RangeError`. */
export function assertOperations(operations: readonly StoreOperation[]): void {
  const seen = new Set<string>();
  for (const { table, key } of operations) {
    if (!keyPattern.test(table) || !keyPattern.test(key)) throw new RangeError("store: key is not ASCII");
    const path = `${table}\n${key}`;
    if (seen.has(path)) throw new RangeError("store: a key occurs twice in one commit");
    seen.add(path);
  }
}
