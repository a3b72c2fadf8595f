import { openBeside, sealBeside, type SealedBeside } from "./beside-capsule.ts";
import { type CborValue, decodeCbor, encodeCbor } from "./cbor.ts";
import type { BesideKey } from "./capsule.ts";
import type { DeviceAddress } from "./device-identity.ts";
import { assertOr, CryptoError } from "./errors.ts";
import type { Provider } from "./provider.ts";
import { type SyncItem, syncFields, syncMaxBytes } from "./sync-item.ts";

const itemsMax = 256;
/** So that there is always a later moment. */
const changedAtMaxMs = 2 ** 52;
const typePattern = /^[a-z]{1,32}$/;
const idPattern = /^[\w.-]{0,64}$/;

/** CBOR `[item …]`, as `sealBeside` under `L("sync")`. Throws `RangeError` above 3,000 bytes. */
export function sealSync(provider: Provider, from: DeviceAddress, items: readonly SyncItem[]): SealedBeside {
  const plaintext = encodeSyncItems(items);
  if (plaintext.length > syncMaxBytes) throw new RangeError("sync: above 3,000 bytes");
  return sealBeside(provider, "sync", from, plaintext);
}

/** Throws `CryptoError` as `openBeside`, and MALFORMED. */
export function openSync(
  provider: Provider,
  from: DeviceAddress,
  named: BesideKey,
  sealed: Pick<SealedBeside, "nonce" | "ciphertext">,
): SyncItem[] {
  return parseSyncItems(openBeside(provider, "sync", from, named, sealed), syncMaxBytes);
}

/** CBOR `[item …]`. */
export function encodeSyncItems(items: readonly SyncItem[]): Uint8Array {
  return encodeCbor(items.map(syncFields));
}

/** Throws `CryptoError` MALFORMED, also above `maxBytes`. */
export function parseSyncItems(bytes: Uint8Array, maxBytes: number): SyncItem[] {
  const items = decodeCbor(bytes, maxBytes);
  assertOr(Array.isArray(items) && items.length <= itemsMax, "MALFORMED", "sync: items");
  return items.map(toItem);
}

function toItem(fields: CborValue): SyncItem {
  const [type, id, changedAtMs, deviceId, value, ...rest] = Array.isArray(fields) ? fields : [];
  if (
    typeof type === "string" &&
    typePattern.test(type) &&
    typeof id === "string" &&
    idPattern.test(id) &&
    isUpTo(changedAtMs, changedAtMaxMs) &&
    isUpTo(deviceId, 0xffff_ffff) &&
    value !== undefined &&
    rest.length === 0
  ) {
    return { type, id, changedAtMs, deviceId, value };
  }
  throw new CryptoError("MALFORMED", "sync: item");
}

function isUpTo(value: CborValue | undefined, max: number): value is number {
  return typeof value === "number" && value >= 0 && value <= max;
}
