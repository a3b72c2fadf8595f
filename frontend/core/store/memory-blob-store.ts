import type { BlobStore } from "./blob-store.ts";

/** For tests and short-lived bots. */
export class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<string, Map<number, Uint8Array<ArrayBuffer>>>();

  async write(name: string, piece: number, bytes: Uint8Array): Promise<void> {
    const pieces = this.#blobs.get(name) ?? new Map<number, Uint8Array<ArrayBuffer>>();
    pieces.set(piece, new Uint8Array(bytes));
    this.#blobs.set(name, pieces);
  }

  async read(name: string, piece: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#blobs.get(name)?.get(piece);
  }

  async pieces(name: string): Promise<number[]> {
    return [...(this.#blobs.get(name)?.keys() ?? [])].sort((a, b) => a - b);
  }

  async delete(name: string): Promise<void> {
    this.#blobs.delete(name);
  }

  async names(): Promise<string[]> {
    return [...this.#blobs.keys()];
  }

  async clear(): Promise<void> {
    this.#blobs.clear();
  }
}
