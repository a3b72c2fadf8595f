/** The device master key of a browser profile, wrapped by a key that script cannot export (CRYPTO 2.12). */
import type { IDBPDatabase } from "idb";
import type { SottoDatabase } from "./indexeddb-store.ts";
import { StoreError } from "./store.ts";

const masterKeyBytes = 32;
const recordName = "device-master-key";

/**
 * Returns the 32-byte device master key, made on first use. The wrapping AES-GCM key is non-extractable: a copy of
 * the database files without the browser's key store does not open. Throws `StoreError` `STORAGE_FAILED`.
 */
export async function openBrowserMasterKey(database: IDBPDatabase<SottoDatabase>): Promise<Uint8Array> {
  try {
    const known = await database.get("keys", recordName);
    if (known !== undefined) return await unwrap(known);
    const made = await wrapNewKey();
    const transaction = database.transaction("keys", "readwrite", { durability: "strict" });
    const raced = await transaction.store.get(recordName);
    if (raced === undefined) await transaction.store.put(made, recordName);
    await transaction.done;
    return await unwrap(raced ?? made);
  } catch (error) {
    throw new StoreError("STORAGE_FAILED", { cause: error });
  }
}

/** Forgets the wrapping key: copies of the records made before can no longer be opened. */
export async function destroyBrowserMasterKey(database: IDBPDatabase<SottoDatabase>): Promise<void> {
  await database.delete("keys", recordName);
}

type WrappedKey = SottoDatabase["keys"]["value"];

async function wrapNewKey(): Promise<WrappedKey> {
  const wrapping = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
  const master = crypto.getRandomValues(new Uint8Array(masterKeyBytes));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const wrapped = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, wrapping, master));
  master.fill(0);
  return { wrapping, iv, wrapped };
}

async function unwrap({ wrapping, iv, wrapped }: WrappedKey): Promise<Uint8Array> {
  const algorithm = { name: "AES-GCM", iv: Uint8Array.from(iv) };
  return new Uint8Array(await crypto.subtle.decrypt(algorithm, wrapping, Uint8Array.from(wrapped)));
}
