import { type Bytes, concat, Writer } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import { type CborValue, decodeCbor, encodeCbor } from "./cbor.ts";
import type { SyncKey } from "./capsule.ts";
import type { DeviceAddress } from "./device-identity.ts";
import { assertOr, CryptoError } from "./errors.ts";
import { pad, unpad } from "./padded.ts";
import type { Provider } from "./provider.ts";
import { type SyncItem, syncFields, syncMaxBytes } from "./sync-item.ts";

export interface SealedSync extends SyncKey {
  /** 24 bytes. */
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}

const itemsMax = 256;
/** So that there is always a later moment. */
const changedAtMaxMs = 2 ** 52;
const typePattern = /^[a-z]{1,32}$/;
const idPattern = /^[\w.-]{0,64}$/;

/**
 * `nonce 24`, `ct = SEAL(key, nonce, pad(CBOR [item …]), ad = L("sync") ‖ accountId 16 ‖ deviceId u32)` of the sending device. The key and SHA-256
 * of `nonce ‖ ct` travel in a capsule. Throws `RangeError` above 3,000 bytes.
 */
export function sealSync(provider: Provider, from: DeviceAddress, items: readonly SyncItem[]): SealedSync {
  const plaintext = encodeCbor(items.map(syncFields));
  if (plaintext.length > syncMaxBytes) throw new RangeError("sync: above 3,000 bytes");
  const [key, nonce] = [provider.random(32), provider.random(24)];
  const ciphertext = provider.seal(key, nonce, pad(plaintext), associatedData(from));
  return { key, nonce, ciphertext, hash: provider.sha256(concat(nonce, ciphertext)) };
}

/** Throws `CryptoError`: BAD_BINDING (not what the capsule names), BAD_TAG, BAD_PADDING, MALFORMED. */
export function openSync(
  provider: Provider,
  from: DeviceAddress,
  { key, hash }: SyncKey,
  { nonce, ciphertext }: Pick<SealedSync, "nonce" | "ciphertext">,
): SyncItem[] {
  const isNamed = provider.equal(provider.sha256(concat(nonce, ciphertext)), hash);
  assertOr(isNamed, "BAD_BINDING", "sync: not what the capsule names");
  const padded = provider.tryOpen(key, nonce, ciphertext, associatedData(from));
  assertOr(padded !== undefined, "BAD_TAG", "sync: tag");
  const items = decodeCbor(unpad(padded), syncMaxBytes);
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

function associatedData({ accountId, deviceId }: DeviceAddress): Bytes {
  return new Writer().bytes(label("sync")).bytes(accountId, 16).u32(deviceId).done();
}
