/** The device master key of a browser profile, wrapped by a key that script cannot export (CRYPTO 2.12). */
import type { IDBPDatabase } from "idb";
import type { AppLockStore } from "./app-lock-store.ts";
import type { SottoDatabase } from "./indexeddb-store.ts";
import { StoreError } from "./store.ts";

const masterKeyBytes = 32;
const recordName = "device-master-key";

/**
 * Returns the 32-byte device master key, made on first use. The wrapping AES-GCM key is non-extractable: a copy of
 * the database files without the browser's key store does not open. Throws `StoreError` `STORAGE_FAILED`, also while an app lock is on.
 */
export async function openBrowserMasterKey(database: IDBPDatabase<SottoDatabase>): Promise<Uint8Array> {
  return translate(async () => {
    const known = await database.get("keys", recordName);
    if (known !== undefined) return openBare(known);
    const master = crypto.getRandomValues(new Uint8Array(masterKeyBytes));
    const made = await wrap(master);
    master.fill(0);
    const transaction = database.transaction("keys", "readwrite", { durability: "strict" });
    const raced = await transaction.store.get(recordName);
    if (raced === undefined) await transaction.store.put(made, recordName);
    await transaction.done;
    return openBare(raced ?? made);
  });
}

/** Forgets the wrapping key, and with it the app lock: copies of the records made before can no longer be opened. */
export async function destroyBrowserMasterKey(database: IDBPDatabase<SottoDatabase>): Promise<void> {
  await database.delete("keys", recordName);
}

/** Under an app lock the wrapping key wraps the sealed master key. Every write makes a new wrapping key. */
export function browserAppLock(database: IDBPDatabase<SottoDatabase>): AppLockStore {
  const put = async (row: WrappedKey): Promise<void> => {
    const transaction = database.transaction("keys", "readwrite", { durability: "strict" });
    await Promise.all([transaction.store.put(row, recordName), transaction.done]);
  };
  return {
    read: () =>
      translate(async () => {
        const known = await database.get("keys", recordName);
        return known?.lock && { ...known.lock, sealedKey: await unwrap(known) };
      }),
    write: ({ sealedKey, ...lock }) => translate(async () => put({ ...(await wrap(sealedKey)), lock })),
    remove: (masterKey) => translate(async () => put(await wrap(masterKey))),
  };
}

type WrappedKey = SottoDatabase["keys"]["value"];

async function wrap(key: Uint8Array): Promise<WrappedKey> {
  const wrapping = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = Uint8Array.from(key);
  const wrapped = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, wrapping, plain));
  plain.fill(0);
  return { wrapping, iv, wrapped };
}

async function openBare(row: WrappedKey): Promise<Uint8Array> {
  if (row.lock !== undefined) throw new Error("the app lock is on");
  return unwrap(row);
}

async function unwrap({ wrapping, iv, wrapped }: WrappedKey): Promise<Uint8Array> {
  const algorithm = { name: "AES-GCM", iv: Uint8Array.from(iv) };
  return new Uint8Array(await crypto.subtle.decrypt(algorithm, wrapping, Uint8Array.from(wrapped)));
}

async function translate<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new StoreError("STORAGE_FAILED", { cause: error });
  }
}
