import { type Bytes, concat } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import { assertOr } from "./errors.ts";
import { assertPasswordParams } from "./password.ts";
import { type Argon2Params, type Provider } from "./provider.ts";

/** How the secret of an app lock is asked for. `salt` is of the passphrase (16 bytes), or given to the passkey (32 bytes). */
export type LockWay =
  | { readonly type: "passphrase"; readonly salt: Uint8Array; readonly params: Argon2Params }
  | { readonly type: "passkey"; readonly credentialId: Uint8Array; readonly salt: Uint8Array };

const wayKinds = { passphrase: 1, passkey: 2 } as const;
const sealedKeyBytes = 24 + 32 + 16;

/** `Argon2id(NFKC(passphrase), salt)`, 32 bytes. Throws `CryptoError` MALFORMED for parameters out of range. */
export async function stretchPassphrase(
  provider: Provider,
  passphrase: string,
  { salt, params }: Extract<LockWay, { type: "passphrase" }>,
): Promise<Bytes> {
  assertPasswordParams(params);
  const bytes = new TextEncoder().encode(passphrase.normalize("NFKC"));
  const stretched = await provider.argon2id(bytes, salt, params, 32);
  bytes.fill(0);
  return stretched;
}

/**
 * `nonce 24 | SEAL(PK, nonce, DMK, ad = L("applock") ‖ kind u8)` with `PK = HK("", secret, L("applock"), 32)`, the secret being a
 * stretched passphrase or the PRF output of a passkey (CRYPTO 2.12).
 */
export function sealMasterKey(
  provider: Provider,
  type: LockWay["type"],
  secret: Uint8Array,
  masterKey: Uint8Array,
): Bytes {
  if (masterKey.length !== 32) throw new RangeError("device master key: expected 32 bytes");
  const nonce = provider.random(24);
  const key = lockKey(provider, secret);
  const sealed = provider.seal(key, nonce, masterKey, lockAd(type));
  key.fill(0);
  return concat(nonce, sealed);
}

/** Undefined: another secret, or a key sealed for another kind of lock. Throws `CryptoError` MALFORMED. */
export function tryOpenMasterKey(
  provider: Provider,
  type: LockWay["type"],
  secret: Uint8Array,
  sealedKey: Uint8Array,
): Bytes | undefined {
  assertOr(sealedKey.length === sealedKeyBytes, "MALFORMED", "sealed master key: wrong length");
  const key = lockKey(provider, secret);
  const opened = provider.tryOpen(key, sealedKey.subarray(0, 24), sealedKey.subarray(24), lockAd(type));
  key.fill(0);
  return opened;
}

function lockKey(provider: Provider, secret: Uint8Array): Bytes {
  if (secret.length !== 32) throw new RangeError("app lock secret: expected 32 bytes");
  return provider.hkdf(new Uint8Array(0), secret, label("applock"), 32);
}

function lockAd(type: LockWay["type"]): Bytes {
  return concat(label("applock"), Uint8Array.of(wayKinds[type]));
}
