/** A store together with the key that seals it. */
import type { Environment } from "../environment.ts";
import { groupTable, ownSenderKeyTable, senderKeyHoldersTable, senderKeyTable } from "./group-tables.ts";
import { Records } from "./records.ts";
import { syncItemTable } from "./own-tables.ts";
import { backupCursorTable, backupStateTable, restoreTable } from "./backup-tables.ts";
import { SealedStore } from "./sealed-store.ts";
import type { BlobStore } from "./blob-store.ts";
import type { Store } from "./store.ts";
import {
  accountTable,
  conversationTable,
  deviceOutboxTable,
  directoryTable,
  outboxTable,
  peerTable,
} from "./tables.ts";

export interface ClientStorage {
  readonly store: Store;
  /** Sealed files; nothing in it opens without the records. */
  readonly blobs: BlobStore;
  /** The 32-byte device master key, made on first use. The caller owns the copy it gets. */
  openMasterKey(): Promise<Uint8Array>;
  /** Makes what is left of the store unreadable for ever. */
  destroyMasterKey(): Promise<void>;
}

/** Opens the sealed records; the tables that every step touches are cached. Throws `StoreError`. */
export async function openRecords(environment: Environment, storage: ClientStorage): Promise<Records> {
  const sealed = new SealedStore(storage.store, environment.provider, await storage.openMasterKey());
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
    restoreTable,
    syncItemTable,
  ]);
}
