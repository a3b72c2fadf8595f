import { assertWellFormed } from "./envelope-error.ts";
import { type Bytes, concat, Reader, Writer } from "./bytes.ts";
import { label } from "./labels.ts";

/** An X25519 prekey signed by its device (CRYPTO 2.1). `keyId` 0 means "none" and is refused. */
export interface SignedPrekey {
  readonly keyId: number;
  readonly createdAtMs: number;
  /** 32 bytes. */
  readonly pub: Uint8Array;
  /** 64 bytes by DSK over `signedPrekeyMessage`. */
  readonly sig: Uint8Array;
}

export const pqPrekeyKinds = { oneTime: 1, lastResort: 2 } as const;
export type PqPrekeyKind = keyof typeof pqPrekeyKinds;

/** An ML-KEM-1024 prekey signed by its device. */
export interface PqPrekey {
  readonly kind: PqPrekeyKind;
  readonly keyId: number;
  readonly createdAtMs: number;
  /** 1,568 bytes. */
  readonly pub: Uint8Array;
  /** 64 bytes by DSK over `pqPrekeyMessage`. */
  readonly sig: Uint8Array;
}

/** An unsigned X25519 one-time prekey. */
export interface OneTimePrekey {
  readonly keyId: number;
  /** 32 bytes. */
  readonly pub: Uint8Array;
}

/** Whose prekeys: part of every signed message. */
export interface PrekeyOwner {
  readonly accountId: Uint8Array;
  readonly deviceId: number;
}

export const signedPrekeyBytes = 109;
export const pqPrekeyBytes = 1646;
export const oneTimePrekeyBytes = 36;

const version = 1;

/** `ver 1 | keyId u32 | createdAt u64 | pub 32 | sig 64`. */
export function encodeSignedPrekey(prekey: SignedPrekey): Bytes {
  return new Writer()
    .u8(version)
    .u32(prekey.keyId)
    .u64(prekey.createdAtMs)
    .bytes(prekey.pub, 32)
    .bytes(prekey.sig, 64)
    .done();
}

/** Throws `EnvelopeError`; the signature is not checked. */
export function parseSignedPrekey(bytes: Uint8Array): SignedPrekey {
  const reader = new Reader(bytes, "signed prekey");
  reader.version(version);
  const prekey = {
    keyId: readKeyId(reader),
    createdAtMs: reader.u64(),
    pub: reader.take(32),
    sig: reader.take(64),
  };
  reader.end();
  return prekey;
}

/** What DSK signs: `L("spk") ‖ accountId ‖ deviceId ‖ keyId ‖ createdAt ‖ pub`. */
export function signedPrekeyMessage(owner: PrekeyOwner, prekey: Omit<SignedPrekey, "sig">): Bytes {
  return new Writer()
    .bytes(label("spk"))
    .bytes(owner.accountId, 16)
    .u32(owner.deviceId)
    .u32(prekey.keyId)
    .u64(prekey.createdAtMs)
    .bytes(prekey.pub, 32)
    .done();
}

/** `ver 1 | kind u8 | keyId u32 | createdAt u64 | pub 1568 | sig 64`. */
export function encodePqPrekey(prekey: PqPrekey): Bytes {
  return new Writer()
    .u8(version)
    .u8(pqPrekeyKinds[prekey.kind])
    .u32(prekey.keyId)
    .u64(prekey.createdAtMs)
    .bytes(prekey.pub, 1568)
    .bytes(prekey.sig, 64)
    .done();
}

/** Throws `EnvelopeError`; neither the signature nor the ML-KEM modulus is checked. */
export function parsePqPrekey(bytes: Uint8Array): PqPrekey {
  const reader = new Reader(bytes, "PQ prekey");
  reader.version(version);
  const prekey = {
    kind: reader.name(pqPrekeyKinds),
    keyId: readKeyId(reader),
    createdAtMs: reader.u64(),
    pub: reader.take(1568),
    sig: reader.take(64),
  };
  reader.end();
  return prekey;
}

/** What DSK signs: `L("pqpk") ‖ accountId ‖ deviceId ‖ kind ‖ keyId ‖ createdAt ‖ H(pub)`; `pubHash` is SHA-256 of `pub`. */
export function pqPrekeyMessage(
  owner: PrekeyOwner,
  prekey: Omit<PqPrekey, "sig" | "pub">,
  pubHash: Uint8Array,
): Bytes {
  return new Writer()
    .bytes(label("pqpk"))
    .bytes(owner.accountId, 16)
    .u32(owner.deviceId)
    .u8(pqPrekeyKinds[prekey.kind])
    .u32(prekey.keyId)
    .u64(prekey.createdAtMs)
    .bytes(pubHash, 32)
    .done();
}

/** `keyId u32 | pub 32`. */
export function encodeOneTimePrekey(prekey: OneTimePrekey): Bytes {
  return new Writer().u32(prekey.keyId).bytes(prekey.pub, 32).done();
}

/** Throws `EnvelopeError`. */
export function parseOneTimePrekey(bytes: Uint8Array): OneTimePrekey {
  const reader = new Reader(bytes, "one-time prekey");
  const prekey = { keyId: readKeyId(reader), pub: reader.take(32) };
  reader.end();
  return prekey;
}

/** What DSK signs to authenticate an upload: `L("prekey-upload") ‖ accountId ‖ deviceId ‖ H(upload)`. */
export function prekeyUploadMessage(owner: PrekeyOwner, uploadHash: Uint8Array): Bytes {
  return concat(
    label("prekey-upload"),
    new Writer().bytes(owner.accountId, 16).u32(owner.deviceId).bytes(uploadHash, 32).done(),
  );
}

function readKeyId(reader: Reader): number {
  const keyId = reader.u32();
  assertWellFormed(keyId !== 0, "prekey: key id zero");
  return keyId;
}
