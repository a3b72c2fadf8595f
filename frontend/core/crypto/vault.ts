import { type Bytes, concat, Reader, Writer } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import { wrapKinds } from "#schema/envelope/vault-wraps.ts";
import { type CborValue, decodeCbor, encodeCbor } from "./cbor.ts";
import { Fields } from "./cbor-fields.ts";
import { assertOr, CryptoError, parsing } from "./errors.ts";
import { type Provider } from "./provider.ts";

/** A contact's device list as pinned (CRYPTO 2.1). */
export interface VaultPin {
  readonly accountId: Uint8Array;
  readonly aik: Uint8Array;
  readonly version: number;
  readonly hash: Uint8Array;
}

/** What survives the loss of all devices (CRYPTO 2.13). */
export interface Vault {
  /** Seed of the account identity key, 32 bytes. */
  readonly aikSeed: Uint8Array;
  /** Backup root, 32 bytes. */
  readonly backupRoot: Uint8Array;
  /** Profile key, 32 bytes. */
  readonly profileKey: Uint8Array;
  readonly pins: readonly VaultPin[];
  /** The highest device id ever given; ids are never reused. */
  readonly lastDeviceId: number;
  /** Grows with every write; a lower one than known is a rollback. */
  readonly epoch: number;
}

/** Which vault bytes these are: associated data of both the vault and the wraps of its key. */
export interface VaultAddress {
  readonly accountId: Uint8Array;
  /** Grows when the vault key is replaced. */
  readonly keyVersion: number;
}

export type VaultWrapKind = keyof typeof wrapKinds;

const version = 1;
const vaultMaxBytes = 4 * 1_048_576;

/** `ver 1 | keyVersion u32 | nonce 24 | SEAL(VK, CBOR, ad = L("vault") ‖ accountId ‖ keyVersion)`. */
export function sealVault(
  provider: Provider,
  vaultKey: Uint8Array,
  address: VaultAddress,
  vault: Vault,
): Bytes {
  const nonce = provider.random(24);
  const sealed = provider.seal(vaultKey, nonce, encodeVault(vault), vaultAd(address));
  return new Writer().u8(version).u32(address.keyVersion).bytes(nonce).bytes(sealed).done();
}

/**
 * Throws `CryptoError`: MALFORMED, UNSUPPORTED_VERSION, BAD_TAG (other key, account or key version),
 * STATE_ROLLBACK (older than `minEpoch`, the highest epoch this client knows).
 */
export function openVault(
  provider: Provider,
  vaultKey: Uint8Array,
  address: VaultAddress,
  bytes: Uint8Array,
  minEpoch = 0,
): Vault {
  const { nonce, sealed } = parsing(() => {
    const reader = new Reader(bytes, "vault");
    reader.version(version);
    const keyVersion = reader.u32();
    assertOr(keyVersion === address.keyVersion, "BAD_TAG", "vault: of another key");
    return { nonce: reader.take(24), sealed: reader.rest() };
  });
  const plaintext = provider.tryOpen(vaultKey, nonce, sealed, vaultAd(address));
  assertOr(plaintext !== undefined, "BAD_TAG", "vault: tag");
  const vault = decodeVault(plaintext);
  assertOr(vault.epoch >= minEpoch, "STATE_ROLLBACK", "vault: older than the one known");
  return vault;
}

/** The key-encryption key of a passkey: `HK(accountSalt, output, L("prf"), 32)`, `output` being what it makes of its salt. */
export function passkeyKek(provider: Provider, accountSalt: Uint8Array, output: Uint8Array): Bytes {
  if (output.length !== 32) throw new RangeError("passkey output: expected 32 bytes");
  return provider.hkdf(accountSalt, output, label("prf"), 32);
}

/** `nonce 24 | SEAL(KEK, VK, ad = kind u8 ‖ accountId ‖ keyVersion u32)`: 72 bytes. */
export function wrapVaultKey(
  provider: Provider,
  kek: Uint8Array,
  kind: VaultWrapKind,
  address: VaultAddress,
  vaultKey: Uint8Array,
): Bytes {
  if (vaultKey.length !== 32) throw new RangeError("vault key: expected 32 bytes");
  const nonce = provider.random(24);
  return concat(nonce, provider.seal(kek, nonce, vaultKey, wrapAd(kind, address)));
}

/** Throws `CryptoError` BAD_TAG: wrong secret, or a wrap of another kind, account or key version (attack 64). */
export function unwrapVaultKey(
  provider: Provider,
  kek: Uint8Array,
  kind: VaultWrapKind,
  address: VaultAddress,
  wrap: Uint8Array,
): Bytes {
  assertOr(wrap.length === 72, "MALFORMED", "vault wrap: wrong length");
  const ad = wrapAd(kind, address);
  const vaultKey = provider.tryOpen(kek, wrap.subarray(0, 24), wrap.subarray(24), ad);
  if (vaultKey === undefined) throw new CryptoError("BAD_TAG", "vault wrap: does not open");
  return vaultKey;
}

function encodeVault(vault: Vault): Bytes {
  const pins = vault.pins.map((pin) => [pin.accountId, pin.aik, pin.version, pin.hash]);
  return encodeCbor(
    new Map<string, CborValue>([
      ["aik", vault.aikSeed],
      ["brk", vault.backupRoot],
      ["pfk", vault.profileKey],
      ["pins", pins],
      ["device", vault.lastDeviceId],
      ["epoch", vault.epoch],
    ]),
  );
}

function decodeVault(bytes: Uint8Array): Vault {
  const fields = new Fields(decodeCbor(bytes, vaultMaxBytes), "vault");
  return {
    aikSeed: fields.bytes("aik", 32),
    backupRoot: fields.bytes("brk", 32),
    profileKey: fields.bytes("pfk", 32),
    pins: fields.array("pins").map(decodePin),
    lastDeviceId: fields.uint("device", 0xffff_ffff),
    epoch: fields.uint("epoch"),
  };
}

function decodePin(value: CborValue): VaultPin {
  const [accountId, aik, listVersion, hash] = Array.isArray(value) ? (value as readonly CborValue[]) : [];
  const isPin =
    accountId instanceof Uint8Array &&
    aik instanceof Uint8Array &&
    typeof listVersion === "number" &&
    hash instanceof Uint8Array;
  assertOr(isPin, "MALFORMED", "vault: pin");
  return { accountId, aik, version: listVersion, hash };
}

function vaultAd(address: VaultAddress): Bytes {
  return new Writer().bytes(label("vault")).bytes(address.accountId, 16).u32(address.keyVersion).done();
}

function wrapAd(kind: VaultWrapKind, address: VaultAddress): Bytes {
  return new Writer().u8(wrapKinds[kind]).bytes(address.accountId, 16).u32(address.keyVersion).done();
}
