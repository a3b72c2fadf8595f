/** Which sealed blobs are on this device, and how much of it they may take. */
import type { BlobStore } from "../store/blob-store.ts";
import type { Records } from "../store/records.ts";
import { type BlobRecord, blobTable } from "../store/tables.ts";

/** Downloaded blobs above this give way, those used longest ago first: the server still has them. */
const cacheMaxBytes = 1_073_741_824;

export class BlobCache {
  readonly blobs: BlobStore;
  readonly #records: Records;
  readonly #nowMs: () => number;
  readonly #known = new Map<string, BlobRecord>();

  constructor(records: Records, blobs: BlobStore, nowMs: () => number) {
    this.blobs = blobs;
    this.#records = records;
    this.#nowMs = nowMs;
    records.watch(blobTable, (name, record) => {
      if (record === undefined) this.#known.delete(name);
      else this.#known.set(name, record);
    });
  }

  async load(): Promise<void> {
    for (const { key, value } of await this.#records.list(blobTable)) this.#known.set(key, value);
  }

  /** Removes what a crash left behind: pieces of files that were never sent. */
  async sweep(): Promise<void> {
    for (const name of await this.blobs.names()) {
      if (!this.#known.has(name)) await this.blobs.delete(name);
    }
  }

  isWhole(name: string): boolean {
    const state = this.#known.get(name)?.state;
    return state === "whole" || state === "upload";
  }

  async mark(name: string, state: BlobRecord["state"], blobBytes: number): Promise<void> {
    await this.#records.transact(async (transaction) => {
      await transaction.get(blobTable, name);
      transaction.put(blobTable, name, { blobBytes, state, usedAtMs: this.#nowMs() });
    });
  }

  /** The record first: pieces without one are swept at the next start. */
  async remove(name: string): Promise<void> {
    await this.#records.transact(async (transaction) => {
      if ((await transaction.get(blobTable, name)) !== undefined) transaction.delete(blobTable, name);
    });
    await this.blobs.delete(name);
  }

  /** Makes room, except for what is on its way and for `kept`. */
  async trim(kept: string): Promise<void> {
    const removable = [...this.#known]
      .filter(([name, { state }]) => state === "whole" && name !== kept)
      .sort(([, a], [, b]) => a.usedAtMs - b.usedAtMs);
    let bytes = [...this.#known.values()].reduce((sum, { blobBytes }) => sum + blobBytes, 0);
    for (const [name, { blobBytes }] of removable) {
      if (bytes <= cacheMaxBytes) return;
      await this.remove(name);
      bytes -= blobBytes;
    }
  }
}
