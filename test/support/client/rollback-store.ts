/** A store whose state can be copied and put back, as a backup of a disk or a cloned machine does. */
import { MemoryStore } from "#core/store/memory-store.ts";
import type { Store, StoreOperation, StoreRange } from "#core/store/store.ts";

export class RollbackStore implements Store {
  #store = new MemoryStore();
  /** Every commit since the copy was taken. */
  #commits: (readonly StoreOperation[])[] = [];
  #copied = 0;

  /** Remembers the present state. */
  copy(): void {
    this.#copied = this.#commits.length;
  }

  /** Puts the copied state back: whatever was committed since has never been. */
  putBack(): Promise<void> {
    return this.#rewindTo(this.#copied);
  }

  /** A store of its own with the present state. */
  async clone(): Promise<RollbackStore> {
    const clone = new RollbackStore();
    for (const operations of this.#commits) await clone.commit(operations);
    return clone;
  }

  /** Forgets the newest `count` commits, but none of the copied state. */
  lose(count: number): Promise<void> {
    return this.#rewindTo(Math.max(this.#copied, this.#commits.length - count));
  }

  get: Store["get"] = (table, key) => this.#store.get(table, key);

  list: Store["list"] = (table: string, range: StoreRange) => this.#store.list(table, range);

  async commit(operations: readonly StoreOperation[]): Promise<void> {
    // Values are the caller's, who may wipe them.
    const kept = operations.map((operation) =>
      operation.type === "delete" ? operation : { ...operation, value: Uint8Array.from(operation.value) },
    );
    await this.#store.commit(operations);
    this.#commits.push(kept);
  }

  async clear(): Promise<void> {
    this.#commits = [];
    this.#copied = 0;
    await this.#store.clear();
  }

  async close(): Promise<void> {
    // nothing to release
  }

  async #rewindTo(count: number): Promise<void> {
    const store = new MemoryStore();
    const commits = this.#commits.slice(0, count);
    for (const operations of commits) await store.commit(operations);
    this.#store = store;
    this.#commits = commits;
  }
}
