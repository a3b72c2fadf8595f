import { assertOperations, type Store, StoreError, type StoreRange, type StoredRecord } from "./store.ts";

/** Keeps records in memory: for tests, simulations and clients that want to forget. */
export class MemoryStore implements Store {
  readonly #tables = new Map<string, Map<string, StoredRecord>>();

  async get(table: string, key: string): Promise<StoredRecord | undefined> {
    return this.#tables.get(table)?.get(key);
  }

  async list(table: string, range: StoreRange): Promise<StoredRecord[]> {
    const { from, below, descending = false, limit = Infinity } = range;
    const found = [...(this.#tables.get(table)?.values() ?? [])]
      .filter(({ key }) => (from === undefined || key >= from) && (below === undefined || key < below))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    if (descending) found.reverse();
    return found.slice(0, limit);
  }

  async commit(operations: Parameters<Store["commit"]>[0]): Promise<void> {
    assertOperations(operations);
    for (const { table, key, expected } of operations) {
      const generation = this.#tables.get(table)?.get(key)?.generation ?? 0;
      if (generation !== expected) throw new StoreError("CAS_CONFLICT");
    }
    for (const operation of operations) {
      const { table, key, expected } = operation;
      const records = this.#tables.get(table) ?? new Map<string, StoredRecord>();
      this.#tables.set(table, records);
      if (operation.type === "delete") records.delete(key);
      else records.set(key, { key, generation: expected + 1, value: Uint8Array.from(operation.value) });
    }
  }

  async clear(): Promise<void> {
    this.#tables.clear();
  }

  async close(): Promise<void> {
    // nothing to release
  }
}
