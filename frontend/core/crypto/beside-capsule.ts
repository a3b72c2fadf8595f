import { type Bytes, concat, Writer } from "#schema/envelope/bytes.ts";
import { label, type LabelName } from "#schema/envelope/labels.ts";
import type { BesideKey } from "./capsule.ts";
import type { DeviceAddress } from "./device-identity.ts";
import { assertOr } from "./errors.ts";
import { pad, unpad } from "./padded.ts";
import type { Provider } from "./provider.ts";

/** What travels beside a capsule in one envelope, too long for the capsule itself (decision 131). */
export interface SealedBeside extends BesideKey {
  /** 24 bytes. */
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/**
 * `ct = SEAL(key, nonce, pad(plaintext), ad = L(purpose) ‖ accountId 16 ‖ deviceId u32)` of the sending device. The key and SHA-256 of
 * `nonce ‖ ct` travel in the capsule.
 */
export function sealBeside(
  provider: Provider,
  purpose: LabelName,
  from: DeviceAddress,
  plaintext: Uint8Array,
): SealedBeside {
  const [key, nonce] = [provider.random(32), provider.random(24)];
  const ciphertext = provider.seal(key, nonce, pad(plaintext), associatedData(purpose, from));
  return { key, nonce, ciphertext, hash: provider.sha256(concat(nonce, ciphertext)) };
}

/** Throws `CryptoError`: BAD_BINDING (not what the capsule names), BAD_TAG, BAD_PADDING. */
export function openBeside(
  provider: Provider,
  purpose: LabelName,
  from: DeviceAddress,
  { key, hash }: BesideKey,
  { nonce, ciphertext }: Pick<SealedBeside, "nonce" | "ciphertext">,
): Uint8Array {
  const isNamed = provider.equal(provider.sha256(concat(nonce, ciphertext)), hash);
  assertOr(isNamed, "BAD_BINDING", `${purpose}: not what the capsule names`);
  const padded = provider.tryOpen(key, nonce, ciphertext, associatedData(purpose, from));
  assertOr(padded !== undefined, "BAD_TAG", `${purpose}: tag`);
  return unpad(padded);
}

function associatedData(purpose: LabelName, { accountId, deviceId }: DeviceAddress): Bytes {
  return new Writer().bytes(label(purpose)).bytes(accountId, 16).u32(deviceId).done();
}
