/** A tab's dedicated worker: keys and sockets live here, never on the main thread (CRYPTO 2.17 rule 5). */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { Client } from "#core/client.ts";
import { lateProvider } from "#core/crypto/late-provider.ts";
import { nobleSymmetric } from "#core/crypto/noble-symmetric.ts";
import { platformEnvironment } from "#core/platform-environment.ts";
import {
  browserAppLock,
  destroyBrowserMasterKey,
  openBrowserMasterKey,
} from "#core/store/browser-master-key.ts";
import { IndexedDbBlobStore } from "#core/store/indexeddb-blob-store.ts";
import { IndexedDbStore, openSottoDatabase } from "#core/store/indexeddb-store.ts";
import type { RpcPort } from "#core/rpc/messages.ts";
import { putBytes } from "./put-bytes.ts";
import { TabRelay } from "./tab-relay.ts";

/** X25519 key of the moderators as base64url, put in by the build; empty: reports are off. */
declare const REPORT_PUBLIC_KEY: string;

const databaseName = "sotto";
const lockName = "sotto-client";
const channelName = "sotto-client";
/** Storage may become available again: a private window, a full disk. */
const retryMs = 5_000;

const tab: RpcPort = {
  postMessage: (message) => self.postMessage(message),
  addEventListener: (type, listener) => self.addEventListener(type, listener),
};
/** The chat list of what is stored needs no curves: they are fetched beside it. */
const keys = lateProvider(
  nobleSymmetric,
  async () => (await import("#core/crypto/noble-asymmetric.ts")).nobleAsymmetric,
);
const relay = new TabRelay(tab, new BroadcastChannel(channelName), keys.ready);

/** Holds the lock for as long as this worker lives, or until the browser takes the database away. */
async function lead(): Promise<void> {
  const { promise: untilLost, resolve: lost } = Promise.withResolvers<void>();
  const database = await openSottoDatabase(databaseName, lost);
  const environment = platformEnvironment({
    provider: keys.provider,
    keysReady: keys.ready,
    origin: self.location.origin,
    refreshTransport: "cookie",
    reportKey: REPORT_PUBLIC_KEY === "" ? undefined : decodeBase64url(REPORT_PUBLIC_KEY),
    putBytes,
    onOnline(listener) {
      self.addEventListener("online", listener);
      return () => self.removeEventListener("online", listener);
    },
  });
  const client = await Client.open(environment, {
    store: new IndexedDbStore(database),
    blobs: new IndexedDbBlobStore(`${databaseName}-blobs`),
    openMasterKey: () => openBrowserMasterKey(database),
    destroyMasterKey: () => destroyBrowserMasterKey(database),
    appLock: browserAppLock(database),
  });
  relay.lead(client);
  await untilLost;
  relay.follow();
  await client.close();
}

async function leadOrWait(): Promise<void> {
  for (;;) {
    try {
      await navigator.locks.request(lockName, lead);
    } catch {
      relay.refuse("storage_failed");
      await new Promise((resolve) => {
        setTimeout(resolve, retryMs);
      });
    }
  }
}

void leadOrWait();
