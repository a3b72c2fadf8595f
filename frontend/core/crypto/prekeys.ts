import { type Bytes, Reader, Writer } from "#schema/envelope/bytes.ts";
import { encodePrekeyUpload } from "#schema/envelope/prekey-upload.ts";
import {
  type PqPrekey,
  type PqPrekeyKind,
  pqPrekeyMessage,
  prekeyUploadMessage,
  type SignedPrekey,
  signedPrekeyMessage,
} from "#schema/envelope/prekeys.ts";
import { type OwnDevice } from "./device-identity.ts";
import { assertOr, parsing } from "./errors.ts";
import { type Provider } from "./provider.ts";

export const prekeySecretKinds = { signed: 1, lastResort: 2, oneTime: 3, oneTimePq: 4 } as const;
export type PrekeySecretKind = keyof typeof prekeySecretKinds;

/** The private half of one prekey, one record of the store each, under (kind, keyId). */
export interface PrekeySecret {
  readonly kind: PrekeySecretKind;
  readonly keyId: number;
  readonly createdAtMs: number;
  /** X25519 secret of 32 bytes, or ML-KEM-1024 seed of 64. */
  readonly secret: Uint8Array;
}

export interface PrekeyRef {
  readonly kind: PrekeySecretKind;
  readonly keyId: number;
}

/** How a handshake reaches the store, within the caller's transaction. */
export interface PrekeyAccess {
  find(kind: PrekeySecretKind, keyId: number): PrekeySecret | undefined;
  /** Whether this `lastResortUse` (32 bytes) was recorded in the last 45 days (CRYPTO 2.1). */
  wasUsed(lastResortUse: Uint8Array): boolean;
}

/** Counts of CRYPTO 2.1. */
export const prekeyPolicy = {
  rotateAfterMs: 48 * 3_600_000,
  keepRotated: 5,
  keepMs: 45 * 86_400_000,
  oneTime: { batch: 100, refillBelow: 25, max: 200, keepMs: 90 * 86_400_000 },
  oneTimePq: { batch: 50, refillBelow: 15, max: 100, keepMs: 90 * 86_400_000 },
} as const;

export interface PrekeyRequest {
  readonly nowMs: number;
  /** The first unused key id of this device, ≥ 1; ids are shared by all kinds and never reused. */
  readonly firstKeyId: number;
  /** Whether to make a new signed and last-resort prekey. */
  readonly rotate: boolean;
  readonly oneTimeCount: number;
  readonly oneTimePqCount: number;
}

export interface PrekeyBatch {
  /** `encodePrekeyUpload` bytes for the server. */
  readonly upload: Bytes;
  /** 64 bytes by DSK over `prekeyUploadMessage`. */
  readonly uploadSig: Bytes;
  /** To be stored before the upload is sent. */
  readonly secrets: readonly PrekeySecret[];
  readonly nextKeyId: number;
}

/** The first set of a device, as a request: SPK, LRK and full batches. */
export function firstPrekeyRequest(nowMs: number): PrekeyRequest {
  const { oneTime, oneTimePq } = prekeyPolicy;
  return { nowMs, firstKeyId: 1, rotate: true, oneTimeCount: oneTime.batch, oneTimePqCount: oneTimePq.batch };
}

/** Makes prekeys, their publication form signed by DSK, and their private halves (CRYPTO 2.1). */
export function generatePrekeys(provider: Provider, own: OwnDevice, request: PrekeyRequest): PrekeyBatch {
  let nextKeyId = request.firstKeyId;
  const secrets: PrekeySecret[] = [];
  const make = (kind: PrekeySecretKind): PrekeySecret => {
    const secret = provider.random(isPq(kind) ? 64 : 32);
    const made = { kind, keyId: nextKeyId, createdAtMs: request.nowMs, secret };
    nextKeyId += 1;
    secrets.push(made);
    return made;
  };
  const signed = request.rotate ? publishSigned(provider, own, make("signed")) : undefined;
  const lastResort = request.rotate ? publishPq(provider, own, make("lastResort"), "lastResort") : undefined;
  const oneTime = Array.from({ length: request.oneTimeCount }, () => {
    const { keyId, secret } = make("oneTime");
    return { keyId, pub: provider.x25519PublicKey(secret) };
  });
  const oneTimePq = Array.from({ length: request.oneTimePqCount }, () =>
    publishPq(provider, own, make("oneTimePq"), "oneTime"),
  );
  const upload = encodePrekeyUpload({
    ...(signed && { signed }),
    ...(lastResort && { lastResort }),
    oneTime,
    oneTimePq,
  });
  const message = prekeyUploadMessage(own.cert, provider.sha256(upload));
  return { upload, uploadSig: provider.sign(own.keys.dsk.secret, message), secrets, nextKeyId };
}

/** `kind u8 | keyId u32 | createdAt u64 | secret`, for the sealed store. */
export function encodePrekeySecret(prekey: PrekeySecret): Bytes {
  return new Writer()
    .u8(prekeySecretKinds[prekey.kind])
    .u32(prekey.keyId)
    .u64(prekey.createdAtMs)
    .bytes(prekey.secret, isPq(prekey.kind) ? 64 : 32)
    .done();
}

/** Throws `CryptoError` MALFORMED. */
export function decodePrekeySecret(bytes: Uint8Array): PrekeySecret {
  return parsing(() => {
    const reader = new Reader(bytes, "prekey secret");
    const kind = reader.name(prekeySecretKinds);
    const prekey = {
      kind,
      keyId: reader.u32(),
      createdAtMs: reader.u64(),
      secret: reader.take(isPq(kind) ? 64 : 32),
    };
    reader.end();
    assertOr(prekey.keyId !== 0, "MALFORMED", "prekey secret: key id zero");
    return prekey;
  });
}

/** The stored kind that answers for a PQ kind of a `pre` block. */
export function secretKindOfPq(kind: PqPrekeyKind): PrekeySecretKind {
  return kind === "oneTime" ? "oneTimePq" : "lastResort";
}

function publishSigned(provider: Provider, own: OwnDevice, made: PrekeySecret): SignedPrekey {
  const { keyId, createdAtMs, secret } = made;
  const prekey = { keyId, createdAtMs, pub: provider.x25519PublicKey(secret) };
  return { ...prekey, sig: provider.sign(own.keys.dsk.secret, signedPrekeyMessage(own.cert, prekey)) };
}

function publishPq(provider: Provider, own: OwnDevice, made: PrekeySecret, kind: PqPrekeyKind): PqPrekey {
  const { keyId, createdAtMs, secret } = made;
  const pub = provider.kem1024.publicKey(secret);
  const message = pqPrekeyMessage(own.cert, { kind, keyId, createdAtMs }, provider.sha256(pub));
  return { kind, keyId, createdAtMs, pub, sig: provider.sign(own.keys.dsk.secret, message) };
}

function isPq(kind: PrekeySecretKind): boolean {
  return kind === "lastResort" || kind === "oneTimePq";
}
