import { type Bytes, Reader, Writer } from "./bytes.ts";
import { assertWellFormed } from "./envelope-error.ts";
import { label } from "./labels.ts";

/** A wrap of the vault key under a passkey, with what is needed to ask for that passkey (CRYPTO 2.13). */
export interface PasskeyWrap {
  readonly addedAtMs: number;
  /** What the passkey is given (WebAuthn PRF), 32 bytes. */
  readonly salt: Uint8Array;
  /** 1 to 1023 bytes. */
  readonly credentialId: Uint8Array;
  /** Where it was made, UTF-8, at most 255 bytes; for its owner, as device names are. */
  readonly name: Uint8Array;
  /** `nonce 24 | SEAL(KEK, VK)`, 72 bytes. */
  readonly wrap: Uint8Array;
}

export const wrapKinds = { recovery: 1, passkey: 2, password: 3 } as const;

const version = 1;
const saltBytes = 32;
const credentialIdMaxBytes = 1023;
const wrapBytes = 72;

/** `ver 1 | addedAt u64 | salt 32 | len u16 ‖ credentialId | len u8 ‖ name (UTF-8) | wrap 72`. */
export function encodePasskeyWrap(passkey: PasskeyWrap): Bytes {
  const { addedAtMs, salt, credentialId, name, wrap } = passkey;
  const writer = new Writer().u8(version).u64(addedAtMs).bytes(salt, saltBytes);
  writer.u16(credentialId.length).bytes(credentialId).u8(name.length).bytes(name);
  return writer.bytes(wrap, wrapBytes).done();
}

/** Throws `EnvelopeError`. */
export function parsePasskeyWrap(bytes: Uint8Array): PasskeyWrap {
  const reader = new Reader(bytes, "passkey wrap");
  reader.version(version);
  const addedAtMs = reader.u64();
  const salt = reader.take(saltBytes);
  const idBytes = reader.u16();
  assertWellFormed(idBytes > 0 && idBytes <= credentialIdMaxBytes, "passkey wrap: credential id");
  const credentialId = reader.take(idBytes);
  const name = reader.take(reader.u8());
  const wrap = reader.take(wrapBytes);
  reader.end();
  return { addedAtMs, salt, credentialId, name, wrap };
}

/** What the account key signs to replace the wraps of version `version - 1`: `wrapsDigest` is SHA-256 of `encodeVaultWraps`. */
export function vaultWrapsMessage(
  accountId: Uint8Array,
  vaultVersion: number,
  wrapsDigest: Uint8Array,
): Bytes {
  const writer = new Writer().bytes(label("vault-wraps")).bytes(accountId, 16).u32(vaultVersion);
  return writer.bytes(wrapsDigest, 32).done();
}

/** `n u8 × (kind u8 | len u16 ‖ data)`, in the order of the list. */
export function encodeVaultWraps(
  wraps: readonly { readonly kind: keyof typeof wrapKinds; readonly data: Uint8Array }[],
): Bytes {
  const writer = new Writer().u8(wraps.length);
  for (const { kind, data } of wraps) writer.u8(wrapKinds[kind]).u16(data.length).bytes(data);
  return writer.done();
}
