/** The platform reads blobs in its own time. Here they are read when they are asked for. Returns what undoes this. */
export function blobsAtOnce(): () => void {
  const { Blob: original } = globalThis;
  globalThis.Blob = BlobAtOnce as unknown as typeof Blob;
  return () => {
    globalThis.Blob = original;
  };
}

class BlobAtOnce {
  readonly type: string;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(parts: readonly Uint8Array[], { type = "" }: { readonly type?: string } = {}) {
    this.#bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
    this.type = type;
  }

  get size(): number {
    return this.#bytes.length;
  }

  slice(from: number, below: number): BlobAtOnce {
    return new BlobAtOnce([this.#bytes.slice(from, below)], { type: this.type });
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.resolve(this.#bytes.slice().buffer);
  }
}
