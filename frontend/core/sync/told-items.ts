/** Items on their way between own devices: taken in, and put together for a message. */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { AccountId } from "#schema/ids.ts";
import { encodeCbor } from "../crypto/cbor.ts";
import { encodeSyncItem, type SyncItem, syncMaxBytes } from "../crypto/sync-item.ts";
import { syncItemTable } from "../store/own-tables.ts";
import type { Transaction } from "../store/records.ts";
import { directoryTable } from "../store/tables.ts";
import { itemKey, listBytes } from "./own-items.ts";
import { afterTold } from "./pins.ts";
import { changeTrust } from "./trust-book.ts";

const batchMax = 200;

/** Stages what another own device told, when it is newer than what is known: it may come in any order and any number of times. */
export async function stageTold(transaction: Transaction, item: SyncItem): Promise<void> {
  const key = itemKey(item.type, item.id);
  const { changedAtMs, deviceId: device } = item;
  const known = await transaction.get(syncItemTable, key);
  const isNewer =
    known === undefined ||
    changedAtMs > known.changedAtMs ||
    (changedAtMs === known.changedAtMs && device > known.device);
  if (!isNewer) return;
  const value = encodeBase64url(encodeCbor(item.value));
  transaction.put(syncItemTable, key, { changedAtMs, device, value });
  if (item.type === "verified" && item.value instanceof Uint8Array) {
    await followMark(transaction, item.id as AccountId, encodeBase64url(item.value));
  }
}

/** What a person compared on another device counts here for the same key. */
async function followMark(transaction: Transaction, account: AccountId, told: string): Promise<void> {
  const pin = (await transaction.get(directoryTable, account))?.pin;
  await changeTrust(transaction, account, (trust) => afterTold(trust, (pin ?? trust.handedPin)?.aik, told));
}

/** As many of the items, from the first, as one message takes; at least one where there is any. All have to be sendable. */
export function firstBatch(items: readonly SyncItem[]): SyncItem[] {
  let left = syncMaxBytes - listBytes;
  const end = items.findIndex((item) => (left -= encodeSyncItem(item).length) < 0);
  return items.slice(0, end === -1 ? batchMax : Math.min(end, batchMax));
}
