/** Sealed blobs as files, one per piece: `name.piece`. */
import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { BlobStore } from "#core/store/blob-store.ts";
import { StoreError } from "#core/store/store.ts";

const privateFolder = 0o700;
const privateFile = 0o600;

export class FileBlobStore implements BlobStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async write(name: string, piece: number, bytes: Uint8Array): Promise<void> {
    try {
      const file = this.#path(name, piece);
      await writeWhole(`${file}.new`, bytes).catch(async () => {
        await mkdir(this.#folder, { recursive: true, mode: privateFolder });
        await writeWhole(`${file}.new`, bytes);
      });
      await rename(`${file}.new`, file);
    } catch (cause) {
      throw new StoreError("STORAGE_FAILED", { cause });
    }
  }

  async read(name: string, piece: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return await readWhole(this.#path(name, piece));
    } catch {
      return undefined; // fetched again
    }
  }

  async pieces(name: string): Promise<number[]> {
    const found = (await this.#files()).flatMap((file) => (file.name === name ? [file.piece] : []));
    return found.sort((a, b) => a - b);
  }

  async delete(name: string): Promise<void> {
    for (const piece of await this.pieces(name)) await rm(this.#path(name, piece), { force: true });
  }

  async names(): Promise<string[]> {
    return [...new Set((await this.#files()).map(({ name }) => name))];
  }

  async clear(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #path(name: string, piece: number): string {
    return path.join(this.#folder, `${name}.${piece}`);
  }

  async #files(): Promise<{ readonly name: string; readonly piece: number }[]> {
    const entries = await readdir(this.#folder).catch(() => []);
    return entries.flatMap((entry) => {
      const [, name, piece] = /^([\w-]+)\.(\d+)$/.exec(entry) ?? [];
      return name === undefined ? [] : [{ name, piece: Number(piece) }];
    });
  }
}

/** In one call where the system takes it: `writeFile` hands over half a MiB at a time. */
async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, "w", privateFile);
  try {
    for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at)).bytesWritten;
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** As `writeWhole`, for the same reason. */
async function readWhole(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await open(file, "r");
  try {
    return await readAll(handle);
  } finally {
    await handle.close();
  }
}

async function readAll(handle: FileHandle): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array((await handle.stat()).size);
  for (let at = 0; at < bytes.length;) {
    const { bytesRead } = await handle.read(bytes, at);
    if (bytesRead === 0) throw new RangeError("the file became shorter");
    at += bytesRead;
  }
  return bytes;
}
