import { assertWellFormed } from "./envelope-error.ts";
import { type Bytes, Reader, Writer } from "./bytes.ts";
import { isPaddedLength } from "./padding.ts";

/** The message body of suite 1, type 0x20 (CRYPTO 2.5): encrypted once, stored once per message. */
export interface Body {
  /** 16 bytes. */
  readonly conversationId: Uint8Array;
  /** 16 bytes. */
  readonly clientMsgId: Uint8Array;
  /** Franking commitment, 32 bytes (CRYPTO 2.14). */
  readonly commitment: Uint8Array;
  /** 24 bytes. */
  readonly nonce: Uint8Array;
  /** Padded plaintext and tag. */
  readonly ciphertext: Uint8Array;
}

export const bodyType = 0x20;
/** Everything before the ciphertext. */
export const bodyHeadBytes = 90;
export const tagBytes = 16;
/** Content is at most 64 KiB; with franking key, length and padding that is below 72 KiB. */
export const bodyMaxBytes = 73_728;
export const bodyMinBytes = bodyHeadBytes + 256 + tagBytes;

const version = 1;

/** `ver 1 | type 0x20 | convId 16 | clientMsgId 16 | fc 32 | bn 24`: the associated data of a body, after its label. */
export function encodeBodyHead(head: Omit<Body, "ciphertext">): Bytes {
  return new Writer()
    .u8(version)
    .u8(bodyType)
    .bytes(head.conversationId, 16)
    .bytes(head.clientMsgId, 16)
    .bytes(head.commitment, 32)
    .bytes(head.nonce, 24)
    .done();
}

/** Parses what the server may see of a body, and its size class. Throws `EnvelopeError`. */
export function parseBody(bytes: Uint8Array): Body {
  assertWellFormed(bytes.length <= bodyMaxBytes, "body: too large");
  const reader = new Reader(bytes, "body");
  reader.version(version);
  assertWellFormed(reader.u8() === bodyType, "body: another type");
  const body = {
    conversationId: reader.take(16),
    clientMsgId: reader.take(16),
    commitment: reader.take(32),
    nonce: reader.take(24),
    ciphertext: reader.rest(),
  };
  assertWellFormed(isPaddedLength(body.ciphertext.length - tagBytes), "body: not a padded size");
  return body;
}
