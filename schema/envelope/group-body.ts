import { assertWellFormed } from "./envelope-error.ts";
import { bodyMaxBytes, tagBytes } from "./body.ts";
import { type Bytes, Reader, Writer } from "./bytes.ts";
import { isPaddedLength } from "./padding.ts";

/** What anyone sees of a message of a group, type 0x30 (CRYPTO 2.7): sealed and signed once under the sender's chain. */
export interface GroupBodyHead {
  /** 16 bytes. */
  readonly groupId: Uint8Array;
  /** The state of the group that the sender saw. */
  readonly epoch: number;
  /** Which sender key, 8 bytes; it belongs to the sending device. */
  readonly senderKeyId: Uint8Array;
  /** Number of this message in the sender's chain, from 0. */
  readonly number: number;
  /** 16 bytes. */
  readonly clientMsgId: Uint8Array;
  /** Franking commitment, 32 bytes (CRYPTO 2.14). */
  readonly commitment: Uint8Array;
  /** 24 bytes. */
  readonly nonce: Uint8Array;
}

export interface GroupBody extends GroupBodyHead {
  /** Padded plaintext and tag. */
  readonly ciphertext: Uint8Array;
  /** 64 bytes by the sender key's Ed25519 key. */
  readonly sig: Uint8Array;
}

/** A log entry without content, type 0x31: its capsules hand out a sender key. Never shown, never counted as unread. */
export interface GroupKeyEntry {
  readonly groupId: Uint8Array;
  readonly clientMsgId: Uint8Array;
  readonly senderKeyId: Uint8Array;
}

export const groupBodyType = 0x30;
export const groupKeyEntryType = 0x31;
/** Everything before the ciphertext. */
export const groupBodyHeadBytes = 107;
export const groupBodySigBytes = 64;
export const groupBodyMinBytes = groupBodyHeadBytes + 256 + tagBytes + groupBodySigBytes;
export const groupKeyEntryBytes = 42;

const version = 1;
const suite = 1;

/** `ver 1 | type 0x30 | suite 1 | groupId 16 | epoch u32 | skId 8 | n u32 | clientMsgId 16 | fc 32 | nonce 24`. */
export function encodeGroupBodyHead(head: GroupBodyHead): Bytes {
  return new Writer()
    .u8(version)
    .u8(groupBodyType)
    .u8(suite)
    .bytes(head.groupId, 16)
    .u32(head.epoch)
    .bytes(head.senderKeyId, 8)
    .u32(head.number)
    .bytes(head.clientMsgId, 16)
    .bytes(head.commitment, 32)
    .bytes(head.nonce, 24)
    .done();
}

/** Parses what the server may see of a group body, and its size class; neither seal nor signature. Throws `EnvelopeError`. */
export function parseGroupBody(bytes: Uint8Array): GroupBody {
  assertWellFormed(bytes.length <= bodyMaxBytes, "group body: too large");
  const reader = new Reader(bytes, "group body");
  reader.version(version);
  assertWellFormed(reader.u8() === groupBodyType, "group body: another type");
  reader.version(suite);
  const head = {
    groupId: reader.take(16),
    epoch: reader.u32(),
    senderKeyId: reader.take(8),
    number: reader.u32(),
    clientMsgId: reader.take(16),
    commitment: reader.take(32),
    nonce: reader.take(24),
  };
  assertWellFormed(head.epoch >= 1, "group body: epoch zero");
  assertWellFormed(reader.remaining >= groupBodySigBytes + tagBytes, "group body: truncated");
  const ciphertext = reader.take(reader.remaining - groupBodySigBytes);
  const isPadded = isPaddedLength(ciphertext.length - tagBytes);
  assertWellFormed(isPadded, "group body: not a padded size");
  return { ...head, ciphertext, sig: reader.take(groupBodySigBytes) };
}

/** `ver 1 | type 0x31 | groupId 16 | clientMsgId 16 | skId 8`. */
export function encodeGroupKeyEntry(entry: GroupKeyEntry): Bytes {
  return new Writer()
    .u8(version)
    .u8(groupKeyEntryType)
    .bytes(entry.groupId, 16)
    .bytes(entry.clientMsgId, 16)
    .bytes(entry.senderKeyId, 8)
    .done();
}

/** Throws `EnvelopeError`. */
export function parseGroupKeyEntry(bytes: Uint8Array): GroupKeyEntry {
  const reader = new Reader(bytes, "group key entry");
  reader.version(version);
  assertWellFormed(reader.u8() === groupKeyEntryType, "group key entry: another type");
  const entry = {
    groupId: reader.take(16),
    clientMsgId: reader.take(16),
    senderKeyId: reader.take(8),
  };
  reader.end();
  return entry;
}
