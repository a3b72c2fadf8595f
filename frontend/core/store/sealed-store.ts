/** Typed, encrypted records over a `Store`: what lies on disk opens only with the device master key (CRYPTO 2.12). */
import type { Provider } from "../crypto/provider.ts";
import { openRecord, sealRecord } from "../crypto/record-seal.ts";
import { type Store, StoreError, type StoreOperation, type StoreRange, type StoredRecord } from "./store.ts";

/** How the values of one table become bytes. `decode` may throw; the store reports that as `STORAGE_FAILED`. */
export interface Table<Value> {
  readonly name: string;
  encode(value: Value): Uint8Array;
  decode(bytes: Uint8Array): Value;
}

/** A decoded record with the generation that the next put has to name. */
export interface Versioned<Value> {
  readonly key: string;
  readonly generation: number;
  readonly value: Value;
}

export class SealedStore {
  readonly #store: Store;
  readonly #provider: Provider;
  readonly #masterKey: Uint8Array;

  /** Takes ownership of `masterKey` (32 bytes) and zeroises it in `close` and `wipe`. */
  constructor(store: Store, provider: Provider, masterKey: Uint8Array) {
    this.#store = store;
    this.#provider = provider;
    this.#masterKey = masterKey;
  }

  async get<Value>(table: Table<Value>, key: string): Promise<Versioned<Value> | undefined> {
    const record = await this.#store.get(table.name, key);
    return record && this.#open(table, record);
  }

  async list<Value>(table: Table<Value>, range: StoreRange = {}): Promise<Versioned<Value>[]> {
    const records = await this.#store.list(table.name, range);
    return records.map((record) => this.#open(table, record));
  }

  /** An operation that writes `value` over generation `expected` (0: creates it). */
  put<Value>(table: Table<Value>, key: string, value: Value, expected: number): StoreOperation {
    const plain = table.encode(value);
    const place = { store: table.name, key, generation: expected + 1 };
    const sealed = sealRecord(this.#provider, this.#masterKey, place, plain);
    plain.fill(0);
    return { type: "put", table: table.name, key, expected, value: sealed };
  }

  delete(table: Pick<Table<unknown>, "name">, key: string, expected: number): StoreOperation {
    return { type: "delete", table: table.name, key, expected };
  }

  /** Throws `StoreError` as `Store.commit` does. */
  commit(operations: readonly StoreOperation[]): Promise<void> {
    return this.#store.commit(operations);
  }

  /** Removes every record; `wipe` of the key holder makes copies of the database unreadable too. */
  clear(): Promise<void> {
    return this.#store.clear();
  }

  /** Forgets the master key; nothing can be read or written afterwards. */
  lock(): void {
    this.#masterKey.fill(0);
  }

  #open<Value>(table: Table<Value>, record: StoredRecord): Versioned<Value> {
    try {
      const place = { store: table.name, key: record.key };
      const { generation, value } = openRecord(this.#provider, this.#masterKey, place, record.value);
      if (generation !== record.generation) throw new RangeError("store: generation of another record");
      return { key: record.key, generation, value: table.decode(value) };
    } catch (error) {
      throw new StoreError("STORAGE_FAILED", { cause: error });
    }
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A table of JSON values. They were sealed by this client, so their shape is trusted. */
export function jsonTable<Value>(name: string): Table<Value> {
  return {
    name,
    encode: (value) => encoder.encode(JSON.stringify(value)),
    decode: (bytes) => JSON.parse(decoder.decode(bytes)) as Value,
  };
}

/** A sortable text form of a sequence number or position: 14 decimal digits. */
export function orderedKey(value: number): string {
  return String(value).padStart(14, "0");
}
