/**
 * Where sealed blobs of attachments lie on this device, in pieces of `limits.attachmentPartBytes`.
 *
 * Only sealed bytes ever go in, so a store needs no key of its own; names are hashes and say nothing. A piece may be
 * missing at any time (evicted by the browser, lost in a crash): whoever reads fetches it again.
 */
export interface BlobStore {
  /** Durable when it resolves, whole or not at all; `bytes` may be written over then. Throws `StoreError` STORAGE_FAILED. */
  write(name: string, piece: number, bytes: Uint8Array): Promise<void>;
  read(name: string, piece: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Numbers of the pieces that are there, ascending. */
  pieces(name: string): Promise<number[]>;
  delete(name: string): Promise<void>;
  /** Names of which there is any piece. */
  names(): Promise<string[]>;
  clear(): Promise<void>;
}
