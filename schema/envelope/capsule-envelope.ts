import { assertWellFormed } from "./envelope-error.ts";
import { type Bytes, Reader, Writer } from "./bytes.ts";
import { deviceCertBytes } from "./device-cert.ts";
import { type PqPrekeyKind, pqPrekeyKinds } from "./prekeys.ts";

/** What the first messages of a session carry so that the recipient can complete the handshake (CRYPTO 2.3, `pre`). */
export interface PreBlock {
  readonly signedPrekeyId: number;
  /** 0 when no one-time prekey was handed out. */
  readonly oneTimePrekeyId: number;
  readonly pqKind: PqPrekeyKind;
  readonly pqPrekeyId: number;
  /** X25519 ephemeral, 32 bytes. */
  readonly ephemeral: Uint8Array;
  /** ML-KEM-1024 ciphertext, 1,568 bytes. */
  readonly kemCiphertext: Uint8Array;
  /** The initiator's certificate, 266 bytes. */
  readonly deviceCert: Uint8Array;
}

/** The double-ratchet envelope of one capsule, type 0x10 (CRYPTO 2.4). */
export interface CapsuleEnvelope {
  readonly pre?: PreBlock;
  /** 24 bytes. */
  readonly headerNonce: Uint8Array;
  /** 80, 1296 or 2384 bytes. */
  readonly encryptedHeader: Uint8Array;
  /** 24 bytes. */
  readonly bodyNonce: Uint8Array;
  /** 272 bytes: a capsule of 256 and its tag. */
  readonly ciphertext: Uint8Array;
  /** Everything before the ciphertext: the associated data of the capsule, after its label. */
  readonly head: Uint8Array;
}

export const capsuleEnvelopeType = 0x10;
export const preBlockBytes = 1879;
/** Header plaintexts are padded to these, so that only "a PQ step is going on" can be seen. */
export const headerPaddedSizes: readonly number[] = [64, 1280, 2368];
export const capsulePlaintextBytes = 256;
export const capsuleEnvelopeMinBytes = 405;
export const capsuleEnvelopeMaxBytes = 4588;

const version = 1;
const flagPre = 1;
const tag = 16;

export function encodePreBlock(pre: PreBlock): Bytes {
  return new Writer()
    .u32(pre.signedPrekeyId)
    .u32(pre.oneTimePrekeyId)
    .u8(pqPrekeyKinds[pre.pqKind])
    .u32(pre.pqPrekeyId)
    .bytes(pre.ephemeral, 32)
    .bytes(pre.kemCiphertext, 1568)
    .bytes(pre.deviceCert, deviceCertBytes)
    .done();
}

/** `ver 1 | type 0x10 | flags u8 (1 = pre) | [pre 1879] | hdrLen u16 | hn 24 | encHeader | bn 24`. */
export function encodeCapsuleHead(parts: Omit<CapsuleEnvelope, "ciphertext" | "head">): Bytes {
  const writer = new Writer().u8(version).u8(capsuleEnvelopeType);
  if (parts.pre === undefined) writer.u8(0);
  else writer.u8(flagPre).bytes(encodePreBlock(parts.pre), preBlockBytes);
  return writer
    .u16(parts.encryptedHeader.length)
    .bytes(parts.headerNonce, 24)
    .bytes(parts.encryptedHeader)
    .bytes(parts.bodyNonce, 24)
    .done();
}

/** Parses the outer framing only: all a server can and may know. Throws `EnvelopeError`. */
export function parseCapsuleEnvelope(bytes: Uint8Array): CapsuleEnvelope {
  const reader = new Reader(bytes, "capsule envelope");
  reader.version(version);
  assertWellFormed(reader.u8() === capsuleEnvelopeType, "capsule envelope: another type");
  const flags = reader.u8();
  assertWellFormed(flags === 0 || flags === flagPre, "capsule envelope: unknown flags");
  const pre = flags === flagPre ? parsePreBlock(reader.take(preBlockBytes)) : undefined;
  const headerLength = reader.u16();
  assertWellFormed(headerPaddedSizes.includes(headerLength - tag), "capsule envelope: header length");
  const headerNonce = reader.take(24);
  const encryptedHeader = reader.take(headerLength);
  const bodyNonce = reader.take(24);
  const head = Uint8Array.from(bytes.subarray(0, reader.offset));
  const ciphertext = reader.take(capsulePlaintextBytes + tag);
  reader.end();
  return { ...(pre && { pre }), headerNonce, encryptedHeader, bodyNonce, ciphertext, head };
}

/** The inverse of `encodePreBlock`; the certificate inside is not parsed. Throws `EnvelopeError`. */
export function parsePreBlock(bytes: Uint8Array): PreBlock {
  const reader = new Reader(bytes, "pre block");
  const pre = {
    signedPrekeyId: reader.u32(),
    oneTimePrekeyId: reader.u32(),
    pqKind: reader.name(pqPrekeyKinds),
    pqPrekeyId: reader.u32(),
    ephemeral: reader.take(32),
    kemCiphertext: reader.take(1568),
    deviceCert: reader.take(deviceCertBytes),
  };
  reader.end();
  assertWellFormed(pre.signedPrekeyId !== 0 && pre.pqPrekeyId !== 0, "pre block: key id zero");
  return pre;
}
