/** A store together with the key that seals it. */
import type { Environment } from "../environment.ts";
import { groupTable, ownSenderKeyTable, senderKeyHoldersTable, senderKeyTable } from "./group-tables.ts";
import { Records } from "./records.ts";
import { syncItemTable } from "./own-tables.ts";
import { backupCursorTable, backupStateTable, restoreTable } from "./backup-tables.ts";
import { SealedStore } from "./sealed-store.ts";
import type { AppLockStore } from "./app-lock-store.ts";
import type { BlobStore } from "./blob-store.ts";
import type { Store } from "./store.ts";
import {
  accountTable,
  conversationTable,
  deviceOutboxTable,
  directoryTable,
  outboxTable,
  peerTable,
  renewalTable,
} from "./tables.ts";
import { trustTable } from "./trust-table.ts";

export interface ClientStorage {
  readonly store: Store;
  /** Sealed files; nothing in it opens without the records. */
  readonly blobs: BlobStore;
  /** The 32-byte device master key, made on first use. The caller owns the copy it gets. Throws while an app lock is on. */
  openMasterKey(): Promise<Uint8Array>;
  /** Absent where there can be no app lock. */
  readonly appLock?: AppLockStore;
  /** Makes what is left of the store unreadable for ever. */
  destroyMasterKey(): Promise<void>;
}

/** Opens the sealed records, under `masterKey` where a lock gave it; it is taken over. Throws `StoreError`. */
export async function openRecords(
  environment: Environment,
  storage: ClientStorage,
  masterKey?: Uint8Array,
): Promise<Records> {
  const key = masterKey ?? (await storage.openMasterKey());
  const sealed = new SealedStore(storage.store, environment.provider, key);
  return new Records(sealed, [
    accountTable,
    backupCursorTable,
    backupStateTable,
    conversationTable,
    deviceOutboxTable,
    directoryTable,
    groupTable,
    ownSenderKeyTable,
    senderKeyHoldersTable,
    senderKeyTable,
    outboxTable,
    peerTable,
    renewalTable,
    restoreTable,
    trustTable,
    syncItemTable,
  ]);
}
