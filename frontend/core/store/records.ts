/**
 * The client's records with a cache and transactions: read, compute, write everything at once or nothing.
 *
 * Transactions of one `Records` run one after another. Another owner of the same store makes a commit fail with
 * `CAS_CONFLICT`; the transaction then runs again from fresh reads (CRYPTO 2.17 rule 2).
 */
import { Lane } from "../sync/lane.ts";
import type { SealedStore, Table, Versioned } from "./sealed-store.ts";
import { isCasConflict, StoreError, type StoreOperation, type StoreRange } from "./store.ts";

const attemptsMax = 5;

type Cached = Versioned<unknown> | undefined;
type Watcher = (key: string, value: unknown) => void;

interface Staged {
  readonly table: Table<unknown>;
  readonly key: string;
  readonly expected: number;
  /** Undefined: the record is deleted. */
  readonly value: unknown;
}

export class Records {
  readonly #store: SealedStore;
  readonly #lane = new Lane();
  readonly #cachedTables: ReadonlySet<string>;
  readonly #cache = new Map<string, Cached>();
  readonly #watchers = new Map<string, Watcher[]>();
  #isRetired = false;
  readonly #source: RecordSource = {
    get: (table, key) => this.#get(table, key),
    list: (table, range) => this.#store.list(table, range),
  };

  /** Records of `cachedTables` are kept decoded in memory once read. */
  constructor(store: SealedStore, cachedTables: readonly { readonly name: string }[]) {
    this.#store = store;
    this.#cachedTables = new Set(cachedTables.map(({ name }) => name));
  }

  /** The newest committed value. */
  async read<Value>(table: Table<Value>, key: string): Promise<Value | undefined> {
    return (await this.#get(table, key))?.value;
  }

  /** Reads a record past the cache and tells the watchers: another owner of the store wrote it. */
  refresh<Value>(table: Table<Value>, key: string): Promise<void> {
    return this.#lane.run(async () => {
      this.#cache.delete(pathOf(table, key));
      const found = await this.#get(table, key);
      for (const watcher of this.#watchers.get(table.name) ?? []) watcher(key, found?.value);
    });
  }

  /** Values of a range, past the cache. */
  list<Value>(table: Table<Value>, range: StoreRange = {}): Promise<Versioned<Value>[]> {
    return this.#store.list(table, range);
  }

  /** Calls `watcher` after every commit for each changed record of the table; `undefined` means deleted. */
  watch<Value>(table: Table<Value>, watcher: (key: string, value: Value | undefined) => void): void {
    const watchers = this.#watchers.get(table.name) ?? [];
    watchers.push(watcher as Watcher);
    this.#watchers.set(table.name, watchers);
  }

  /**
   * Runs `work` and commits what it staged. `work` may run several times, so it must change nothing but the
   * transaction. Throws what `work` throws, and `StoreError`; then nothing was written.
   */
  transact<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return this.#lane.run(async () => {
      if (this.#isRetired) throw new StoreError("STORAGE_FAILED");
      for (let attempt = 1; ; attempt += 1) {
        const staged = new Map<string, Staged>();
        try {
          const result = await work(new Transaction(this.#source, staged));
          await this.#commit([...staged.values()]);
          return result;
        } catch (error) {
          if (!isCasConflict(error)) throw error;
          this.#cache.clear();
          if (attempt >= attemptsMax) throw error;
        }
      }
    });
  }

  /** Removes every record and forgets the key; whatever still wants to write fails with `STORAGE_FAILED`. */
  retire(): Promise<void> {
    return this.#lane.run(async () => {
      await this.#store.clear();
      this.#isRetired = true;
      this.#cache.clear();
      this.#store.lock();
    });
  }

  /** Forgets the key and all that was read; whatever still wants to write fails with `STORAGE_FAILED`. */
  lock(): Promise<void> {
    return this.#lane.run(async () => {
      this.#isRetired = true;
      this.#cache.clear();
      this.#watchers.clear();
      this.#store.lock();
    });
  }

  /** Removes every record. */
  clear(): Promise<void> {
    return this.#lane.run(async () => {
      await this.#store.clear();
      this.#cache.clear();
    });
  }

  /** Resolves when every transaction begun so far is over. */
  idle(): Promise<void> {
    return this.#lane.idle();
  }

  async #get<Value>(table: Table<Value>, key: string): Promise<Versioned<Value> | undefined> {
    if (!this.#cachedTables.has(table.name)) return this.#store.get(table, key);
    const path = pathOf(table, key);
    if (this.#cache.has(path)) return this.#cache.get(path) as Versioned<Value> | undefined;
    const found = await this.#store.get(table, key);
    if (!this.#cache.has(path)) this.#cache.set(path, found);
    return this.#cache.get(path) as Versioned<Value> | undefined;
  }

  async #commit(staged: readonly Staged[]): Promise<void> {
    if (staged.length === 0) return;
    const operations = staged.map(({ table, key, expected, value }): StoreOperation =>
      value === undefined
        ? this.#store.delete(table, key, expected)
        : this.#store.put(table, key, value, expected),
    );
    await this.#store.commit(operations);
    for (const { table, key, expected, value } of staged) {
      if (!this.#cachedTables.has(table.name)) continue;
      const cached = value === undefined ? undefined : { key, generation: expected + 1, value };
      this.#cache.set(pathOf(table, key), cached);
    }
    for (const { table, key, value } of staged) {
      for (const watcher of this.#watchers.get(table.name) ?? []) watcher(key, value);
    }
  }
}

interface RecordSource {
  get<Value>(table: Table<Value>, key: string): Promise<Versioned<Value> | undefined>;
  list<Value>(table: Table<Value>, range: StoreRange): Promise<Versioned<Value>[]>;
}

/** One unit of work. Reads see what was staged before. */
export class Transaction {
  readonly #source: RecordSource;
  readonly #staged: Map<string, Staged>;
  readonly #generations = new Map<string, number>();

  constructor(source: RecordSource, staged: Map<string, Staged>) {
    this.#source = source;
    this.#staged = staged;
  }

  async get<Value>(table: Table<Value>, key: string): Promise<Value | undefined> {
    const path = pathOf(table, key);
    const staged = this.#staged.get(path);
    if (staged !== undefined) return staged.value as Value | undefined;
    const found = await this.#source.get(table, key);
    this.#generations.set(path, found?.generation ?? 0);
    return found?.value;
  }

  /** Records of a range; one that is to be written over or deleted has to be read with `get` besides. */
  async list<Value>(table: Table<Value>, range: StoreRange = {}): Promise<Versioned<Value>[]> {
    const { limit, descending = false } = range;
    const staged = [...this.#staged.values()].filter(
      (change) => change.table.name === table.name && isWithin(change.key, range),
    );
    if (staged.length === 0) return this.#source.list(table, range);
    const found = new Map<string, Versioned<Value>>();
    // As many more as may be gone.
    const wider = limit === undefined ? range : { ...range, limit: limit + staged.length };
    for (const each of await this.#source.list(table, wider)) found.set(each.key, each);
    for (const { key, expected, value } of staged) {
      if (value === undefined) found.delete(key);
      else found.set(key, { key, generation: expected + 1, value: value as Value });
    }
    const sorted = [...found.values()].sort((a, b) => (a.key < b.key === descending ? 1 : -1));
    return sorted.slice(0, limit);
  }

  /** Writes over a record that was read in this transaction, or creates it when the read found none. */
  put<Value>(table: Table<Value>, key: string, value: Value): void {
    this.#stage(table, key, value);
  }

  /** Creates a record without reading first; the commit conflicts when it exists. */
  insert<Value>(table: Table<Value>, key: string, value: Value): void {
    this.#generations.set(pathOf(table, key), 0);
    this.#stage(table, key, value);
  }

  /** Deletes a record that was read in this transaction; nothing happens when the read found none. */
  delete<Value>(table: Table<Value>, key: string): void {
    const path = pathOf(table, key);
    if (this.#generations.get(path) === 0) this.#staged.delete(path);
    else this.#stage(table, key, undefined);
  }

  #stage<Value>(table: Table<Value>, key: string, value: Value | undefined): void {
    const path = pathOf(table, key);
    const expected = this.#generations.get(path);
    if (expected === undefined) throw new RangeError("transaction: the record was not read");
    this.#staged.set(path, { table, key, expected, value });
  }
}

function isWithin(key: string, { from, below }: StoreRange): boolean {
  return (from === undefined || key >= from) && (below === undefined || key < below);
}

function pathOf(table: { readonly name: string }, key: string): string {
  return `${table.name}\n${key}`;
}
