import "fake-indexeddb/auto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { deleteDB } from "idb";
import { FileStore } from "#cli/file-store.ts";
import { IndexedDbStore, openSottoDatabase } from "#core/store/indexeddb-store.ts";
import { MemoryStore } from "#core/store/memory-store.ts";
import { storeContract } from "./store-contract.ts";

storeContract("MemoryStore", async () => ({ store: new MemoryStore(), dispose: async () => undefined }));

storeContract("IndexedDbStore", async () => {
  let store = new IndexedDbStore(await openSottoDatabase("store-contract"));
  return {
    store,
    reopen: async () => {
      await store.close();
      store = new IndexedDbStore(await openSottoDatabase("store-contract"));
      return store;
    },
    dispose: async () => {
      await store.close();
      await deleteDB("store-contract");
    },
  };
});

storeContract("FileStore", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "sotto-store-"));
  const file = path.join(folder, "store.db");
  let store = new FileStore(file);
  let isOpen = true;
  const close = async () => {
    if (isOpen) await store.close().catch(() => undefined);
    isOpen = false;
  };
  return {
    store,
    reopen: async () => {
      await close();
      store = new FileStore(file);
      isOpen = true;
      return store;
    },
    dispose: async () => {
      await close();
      rmSync(folder, { recursive: true });
    },
  };
});
