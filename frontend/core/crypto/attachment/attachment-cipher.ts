import { attachmentChunkBytes, attachmentHeadBytes } from "#schema/envelope/attachment-size.ts";
import { type Bytes, concat, Reader } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import { assertOr, parsing } from "../errors.ts";
import { type Provider } from "../provider.ts";
import { type StreamCipher } from "./stream.ts";

/** Which attachment: bound into its keys, so that a blob opens in one place only. */
export interface AttachmentAddress {
  /** 16 bytes. */
  readonly conversationId: Uint8Array;
  /** 16 bytes. */
  readonly attachmentId: Uint8Array;
}

/**
 * What one file is sealed with. For one plaintext only: whoever seals again with it (an upload that is taken up after a crash) must
 * know that the file is the same, byte by byte.
 */
export interface AttachmentSecret {
  /** 32 bytes; travels in the pointer. */
  readonly fileKey: Uint8Array;
  /** 24 bytes; the blob begins with it. */
  readonly salt: Uint8Array;
}

const tagBytes = 16;
const none = new Uint8Array(0);

export function createAttachmentSecret(provider: Provider): AttachmentSecret {
  return { fileKey: provider.random(32), salt: provider.random(24) };
}

/**
 * `key 32 ‖ base 24 ‖ commit 32 = HK(salt, fileKey, L("att1") ‖ convId ‖ attachmentId, 88)`; chunk `i` is sealed by XChaCha20-Poly1305
 * under `base` with `i` added by XOR into its last 5 bytes, without associated data (CRYPTO 2.11).
 */
export function attachmentCipher(
  provider: Provider,
  address: AttachmentAddress,
  secret: AttachmentSecret,
): { readonly cipher: StreamCipher; readonly head: Bytes; readonly commitment: Bytes } {
  assertLengths(address, secret);
  const info = concat(label("att1"), address.conversationId, address.attachmentId);
  const okm = provider.hkdf(secret.salt, secret.fileKey, info, 88);
  const [key, base, commitment] = [okm.slice(0, 32), okm.slice(32, 56), okm.slice(56)];
  const cipher: StreamCipher = {
    chunkBytes: attachmentChunkBytes,
    tagBytes,
    lastChunk: "shorter",
    seal: (index, _, plaintext) => provider.seal(key, nonceOf(base, index), plaintext, none),
    tryOpen: (index, _, sealed) => provider.tryOpen(key, nonceOf(base, index), sealed, none),
  };
  return { cipher, head: concat(secret.salt, commitment), commitment };
}

/**
 * The cipher for a blob that begins with `head` (`salt 24 | commit 32`). The commitment is checked in constant time before any chunk:
 * one blob opens under one key only (attack 59). Throws `CryptoError` MALFORMED or BAD_COMMITMENT.
 */
export function cipherOfHead(
  provider: Provider,
  address: AttachmentAddress,
  fileKey: Uint8Array,
  head: Uint8Array,
): StreamCipher {
  assertOr(head.length === attachmentHeadBytes, "MALFORMED", "attachment: head");
  const { salt, claimed } = parsing(() => {
    const reader = new Reader(head, "attachment");
    return { salt: reader.take(24), claimed: reader.take(32) };
  });
  const { cipher, commitment } = attachmentCipher(provider, address, { fileKey, salt });
  assertOr(provider.equal(commitment, claimed), "BAD_COMMITMENT", "attachment: sealed under another key");
  return cipher;
}

function nonceOf(base: Uint8Array, index: number): Bytes {
  const nonce = Uint8Array.from(base);
  for (let at = nonce.length - 1, left = index; left > 0; at -= 1, left = Math.floor(left / 256)) {
    nonce[at]! ^= left % 256;
  }
  return nonce;
}

function assertLengths(address: AttachmentAddress, secret: AttachmentSecret): void {
  const isExact =
    address.conversationId.length === 16 &&
    address.attachmentId.length === 16 &&
    secret.fileKey.length === 32 &&
    secret.salt.length === 24;
  if (!isExact) throw new RangeError("attachment: id, key or salt of another length");
}
