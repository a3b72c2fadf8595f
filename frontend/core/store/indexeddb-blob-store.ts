/** The browser's blob store: a database of its own, a record per piece. Works in every window, private ones included. */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { BlobStore } from "./blob-store.ts";
import { StoreError } from "./store.ts";

interface BlobDatabase extends DBSchema {
  pieces: { key: [string, number]; value: Uint8Array<ArrayBuffer> };
}

export class IndexedDbBlobStore implements BlobStore {
  readonly #name: string;
  #database: Promise<IDBPDatabase<BlobDatabase>> | undefined;

  /** Opened on first use: most visits touch no file. */
  constructor(name: string) {
    this.#name = name;
  }

  write(name: string, piece: number, bytes: Uint8Array): Promise<void> {
    return this.#with(async (database) => {
      await database.put("pieces", new Uint8Array(bytes), [name, piece]);
    });
  }

  read(name: string, piece: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#with((database) => database.get("pieces", [name, piece]));
  }

  pieces(name: string): Promise<number[]> {
    return this.#with(async (database) => {
      const keys = await database.getAllKeys("pieces", rangeOf(name));
      return keys.map(([, piece]) => piece);
    });
  }

  delete(name: string): Promise<void> {
    return this.#with((database) => database.delete("pieces", rangeOf(name)));
  }

  names(): Promise<string[]> {
    return this.#with(async (database) => {
      const keys = await database.getAllKeys("pieces");
      return [...new Set(keys.map(([name]) => name))];
    });
  }

  clear(): Promise<void> {
    return this.#with((database) => database.clear("pieces"));
  }

  /** Releases the database; the next use opens it again. */
  async close(): Promise<void> {
    const database = this.#database;
    this.#database = undefined;
    (await database)?.close();
  }

  async #with<Result>(work: (database: IDBPDatabase<BlobDatabase>) => Promise<Result>): Promise<Result> {
    try {
      this.#database ??= this.#open();
      return await work(await this.#database);
    } catch (cause) {
      this.#database = undefined;
      throw new StoreError("STORAGE_FAILED", { cause });
    }
  }

  #open(): Promise<IDBPDatabase<BlobDatabase>> {
    const lost = () => {
      this.#database = undefined;
    };
    return openDB<BlobDatabase>(this.#name, 1, {
      upgrade: (database) => void database.createObjectStore("pieces"),
      terminated: lost,
      blocking(_current, _blocked, event) {
        if (event.target instanceof IDBDatabase) event.target.close();
        lost();
      },
    });
  }
}

function rangeOf(name: string): IDBKeyRange {
  return IDBKeyRange.bound([name, 0], [name, Infinity]);
}
