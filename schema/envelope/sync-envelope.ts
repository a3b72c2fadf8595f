import { assertWellFormed } from "./envelope-error.ts";
import { type Bytes, Reader, Writer } from "./bytes.ts";

/** A capsule with a key, and beside it what the key opens (CRYPTO 2.5): type 0x50 between own devices, 0x51 with keys of earlier messages. */
export interface SyncEnvelope {
  /** A capsule envelope, type 0x10. */
  readonly capsule: Uint8Array;
  /** 24 bytes. */
  readonly nonce: Uint8Array;
  /** At least a tag. */
  readonly ciphertext: Uint8Array;
}

export const syncEnvelopeType = 0x50;
/** Keys of what a group said before, for who came in (decision 140). */
export const historyEnvelopeType = 0x51;
type EnvelopeType = typeof syncEnvelopeType | typeof historyEnvelopeType;

const version = 1;
const tagBytes = 16;

/** `ver 1 | type u8 | capLen u16 | capsule capLen | nonce 24 | ct`. */
export function encodeSyncEnvelope(
  { capsule, nonce, ciphertext }: SyncEnvelope,
  type: EnvelopeType = syncEnvelopeType,
): Bytes {
  return new Writer()
    .u8(version)
    .u8(type)
    .u16(capsule.length)
    .bytes(capsule)
    .bytes(nonce, 24)
    .bytes(ciphertext)
    .done();
}

/** Throws `EnvelopeError`; nothing is opened. */
export function parseSyncEnvelope(bytes: Uint8Array, type: EnvelopeType = syncEnvelopeType): SyncEnvelope {
  const reader = new Reader(bytes, "sync envelope");
  reader.version(version);
  assertWellFormed(reader.u8() === type, "sync envelope: another type");
  const capsule = reader.take(reader.u16());
  const nonce = reader.take(24);
  const ciphertext = reader.rest();
  assertWellFormed(ciphertext.length >= tagBytes, "sync envelope: shorter than a tag");
  return { capsule, nonce, ciphertext };
}
