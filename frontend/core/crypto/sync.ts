import { type Bytes, concat, Writer } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import { type CborValue, decodeCbor, encodeCbor } from "./cbor.ts";
import type { SyncKey } from "./capsule.ts";
import type { DeviceAddress } from "./device-identity.ts";
import { assertOr, CryptoError } from "./errors.ts";
import { pad, unpad } from "./padded.ts";
import type { Provider } from "./provider.ts";

/** One thing that all devices of an account know alike; the one with the higher `(changedAtMs, deviceId)` counts. */
export interface SyncItem {
  /** `[a-z]`, at most 32. */
  readonly type: string;
  /** `[A-Za-z0-9_.-]`, at most 64; what it is about. */
  readonly id: string;
  readonly changedAtMs: number;
  /** Where it was changed. */
  readonly deviceId: number;
  readonly value: CborValue;
}

export interface SealedSync extends SyncKey {
  /** 24 bytes. */
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** Encoded items of one message: with the longest capsule they stay below what a to-device message may have. */
export const syncMaxBytes = 3_000;
const itemsMax = 256;
/** So that there is always a later moment. */
const changedAtMaxMs = 2 ** 52;
const typePattern = /^[a-z]{1,32}$/;
const idPattern = /^[\w.-]{0,64}$/;

/** `[type, id, changedAtMs, deviceId, value]`. */
export function encodeSyncItem(item: SyncItem): Bytes {
  return encodeCbor(fieldsOf(item));
}

/**
 * `nonce 24`, `ct = SEAL(key, nonce, pad(CBOR [item …]), ad = L("sync") ‖ accountId 16 ‖ deviceId u32)` of the sending device. The key and SHA-256
 * of `nonce ‖ ct` travel in a capsule. Throws `RangeError` above 3,000 bytes.
 */
export function sealSync(provider: Provider, from: DeviceAddress, items: readonly SyncItem[]): SealedSync {
  const plaintext = encodeCbor(items.map(fieldsOf));
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

function fieldsOf({ type, id, changedAtMs, deviceId, value }: SyncItem): CborValue[] {
  return [type, id, changedAtMs, deviceId, value];
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
