/** The browser's store: one IndexedDB object store, strict durability. */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { AppLock } from "./app-lock-store.ts";
import { assertOperations, type Store, StoreError, type StoreRange, type StoredRecord } from "./store.ts";

interface Row {
  readonly generation: number;
  readonly value: Uint8Array;
}

/** `records` by "table/key"; `keys` holds the key that wraps the device master key (CRYPTO 2.12). */
export interface SottoDatabase extends DBSchema {
  records: { key: string; value: Row };
  keys: {
    key: string;
    value: {
      readonly wrapping: CryptoKey;
      readonly iv: Uint8Array;
      readonly wrapped: Uint8Array;
      /** With it, what is wrapped is the sealed master key. */
      readonly lock?: Omit<AppLock, "sealedKey">;
    };
  };
}

/** Opens or creates the database. `onLost` is called when the browser closes it (evicted, deleted, upgraded). */
export function openSottoDatabase(name: string, onLost?: () => void): Promise<IDBPDatabase<SottoDatabase>> {
  return openDB<SottoDatabase>(name, 1, {
    upgrade(database) {
      database.createObjectStore("records");
      database.createObjectStore("keys");
    },
    terminated: () => onLost?.(),
    blocking(_current, _blocked, event) {
      if (event.target instanceof IDBDatabase) event.target.close();
      onLost?.();
    },
  });
}

/** Separates table and key; sorts before every printable character a table name may hold. */
const separator = "\x1f";
const afterSeparator = "\x20";

/** Nothing foreign is awaited inside a transaction: IndexedDB would commit it early (CRYPTO pitfall 8). */
export class IndexedDbStore implements Store {
  readonly #database: IDBPDatabase<SottoDatabase>;

  constructor(database: IDBPDatabase<SottoDatabase>) {
    this.#database = database;
  }

  async get(table: string, key: string): Promise<StoredRecord | undefined> {
    const row = await translate(() => this.#database.get("records", path(table, key)));
    return row && { key, ...row };
  }

  list(table: string, range: StoreRange): Promise<StoredRecord[]> {
    return translate(async () => {
      const { from = "", below, descending = false, limit } = range;
      const upper = below === undefined ? table + afterSeparator : path(table, below);
      const lower = path(table, from);
      if (lower >= upper) return [];
      const bounds = IDBKeyRange.bound(lower, upper, false, true);
      const transaction = this.#database.transaction("records", "readonly");
      if (descending) return readBackwards(transaction.store, bounds, limit ?? Infinity, table.length + 1);
      const [keys, rows] = await Promise.all([
        transaction.store.getAllKeys(bounds, limit),
        transaction.store.getAll(bounds, limit),
      ]);
      return rows.map((row, index) => ({ key: (keys[index] ?? "").slice(table.length + 1), ...row }));
    });
  }

  async commit(operations: Parameters<Store["commit"]>[0]): Promise<void> {
    assertOperations(operations);
    if (operations.length === 0) return;
    await translate(async () => {
      const transaction = this.#database.transaction("records", "readwrite", { durability: "strict" });
      const done = transaction.done;
      done.catch(() => undefined); // looked at below, after the reason is known
      let conflict = false;
      const work = operations.map(async (operation) => {
        const at = path(operation.table, operation.key);
        const current = (await transaction.store.get(at))?.generation ?? 0;
        if (current !== operation.expected) conflict = true;
      });
      await Promise.all(work);
      if (conflict) {
        transaction.abort();
        await done.catch(() => undefined);
        throw new StoreError("CAS_CONFLICT");
      }
      const writes = operations.map((operation) => {
        const at = path(operation.table, operation.key);
        if (operation.type === "delete") return transaction.store.delete(at);
        return transaction.store.put({ generation: operation.expected + 1, value: operation.value }, at);
      });
      await Promise.all([...writes, done]);
    });
  }

  async clear(): Promise<void> {
    await translate(async () => {
      const transaction = this.#database.transaction("records", "readwrite", { durability: "strict" });
      await Promise.all([transaction.store.clear(), transaction.done]);
    });
  }

  async close(): Promise<void> {
    this.#database.close();
  }
}

function path(table: string, key: string): string {
  return `${table}${separator}${key}`;
}

interface Cursor {
  readonly key: string;
  readonly value: Row;
  continue(): Promise<Cursor | null>;
}

async function readBackwards(
  store: { openCursor(range: IDBKeyRange, direction: "prev"): Promise<Cursor | null> },
  bounds: IDBKeyRange,
  limit: number,
  prefixLength: number,
): Promise<StoredRecord[]> {
  const found: StoredRecord[] = [];
  let cursor = await store.openCursor(bounds, "prev");
  while (cursor !== null && found.length < limit) {
    found.push({ key: cursor.key.slice(prefixLength), ...cursor.value });
    cursor = await cursor.continue();
  }
  return found;
}

async function translate<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError("STORAGE_FAILED", { cause: error });
  }
}
