/** What all devices of an account know alike, as this device keeps it (CRYPTO 2.5, kind SYNC). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../crypto/cbor.ts";
import { encodeSyncItem, type SyncItem, syncMaxBytes } from "../crypto/sync-item.ts";
import type { Records, Transaction } from "../store/records.ts";
import { type SyncItemRecord, syncItemTable } from "../store/own-tables.ts";
import type { Self } from "./self.ts";

/** By kind. One more kind is one more line here and below; a client that does not know it keeps it for the version that does. */
interface OwnValues {
  /** Unsent text of a composer; id: the conversation. Empty: there is none. */
  readonly draft: string;
  /** id: the name of a setting of the account. */
  readonly setting: string;
  /** The account key that a person compared and found right; id: the account. Empty: no longer. */
  readonly verified: Uint8Array;
}

const isOf: { readonly [Type in keyof OwnValues]: (value: CborValue) => value is OwnValues[Type] } = {
  draft: (value) => typeof value === "string",
  setting: (value) => typeof value === "string",
  verified: (value) => value instanceof Uint8Array,
};

/** The framing of a list of one. */
export const listBytes = 8;

export async function readItem<Type extends keyof OwnValues>(
  source: Pick<Records, "read">,
  type: Type,
  id: string,
): Promise<OwnValues[Type] | undefined> {
  const record = await source.read(syncItemTable, itemKey(type, id));
  if (record === undefined) return undefined;
  const value = valueOf(record);
  return isOf[type](value) ? value : undefined;
}

/**
 * Stages a change made here; nothing happens when it is none. It counts as later than what is known, whatever the clock says. One that does
 * not fit into a message stays on this device.
 */
export async function stageItem<Type extends keyof OwnValues>(
  transaction: Transaction,
  self: Self,
  type: Type,
  id: string,
  value: OwnValues[Type] & CborValue,
): Promise<void> {
  const key = itemKey(type, id);
  const before = await transaction.get(syncItemTable, key);
  const bytes = encodeBase64url(encodeCbor(value));
  if (before?.value === bytes || (before === undefined && value.length === 0)) return;
  const changedAtMs = Math.max(self.nowMs(), (before?.changedAtMs ?? 0) + 1);
  const record = { changedAtMs, device: self.deviceId, value: bytes };
  transaction.put(
    syncItemTable,
    key,
    isSendable(toItem(key, record)) ? { ...record, isUnsent: true } : record,
  );
}

export function toItem(key: string, record: SyncItemRecord): SyncItem {
  const at = key.indexOf("/");
  const { changedAtMs, device: deviceId } = record;
  return { type: key.slice(0, at), id: key.slice(at + 1), changedAtMs, deviceId, value: valueOf(record) };
}

/** Whether an item fits into a message. */
export function isSendable(item: SyncItem): boolean {
  return encodeSyncItem(item).length + listBytes <= syncMaxBytes;
}

export function itemKey(type: string, id: string): string {
  return `${type}/${id}`;
}

function valueOf({ value }: SyncItemRecord): CborValue {
  return decodeCbor(decodeBase64url(value));
}
