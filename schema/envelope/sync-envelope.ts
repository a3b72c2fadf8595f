import { assertWellFormed } from "./envelope-error.ts";
import { type Bytes, Reader, Writer } from "./bytes.ts";

/** What one device of an account tells another, type 0x50 (CRYPTO 2.5): a capsule with the key, and what it opens. */
export interface SyncEnvelope {
  /** A capsule envelope, type 0x10. */
  readonly capsule: Uint8Array;
  /** 24 bytes. */
  readonly nonce: Uint8Array;
  /** At least a tag. */
  readonly ciphertext: Uint8Array;
}

export const syncEnvelopeType = 0x50;

const version = 1;
const tagBytes = 16;

/** `ver 1 | type 0x50 | capLen u16 | capsule capLen | nonce 24 | ct`. */
export function encodeSyncEnvelope({ capsule, nonce, ciphertext }: SyncEnvelope): Bytes {
  return new Writer()
    .u8(version)
    .u8(syncEnvelopeType)
    .u16(capsule.length)
    .bytes(capsule)
    .bytes(nonce, 24)
    .bytes(ciphertext)
    .done();
}

/** Throws `EnvelopeError`; nothing is opened. */
export function parseSyncEnvelope(bytes: Uint8Array): SyncEnvelope {
  const reader = new Reader(bytes, "sync envelope");
  reader.version(version);
  assertWellFormed(reader.u8() === syncEnvelopeType, "sync envelope: another type");
  const capsule = reader.take(reader.u16());
  const nonce = reader.take(24);
  const ciphertext = reader.rest();
  assertWellFormed(ciphertext.length >= tagBytes, "sync envelope: shorter than a tag");
  return { capsule, nonce, ciphertext };
}
