import {
  attachmentChunkBytes,
  attachmentHeadBytes,
  blobBytesOf,
  paddedFileBytes,
} from "#schema/envelope/attachment-size.ts";
import { type Bytes, concat, isAllZero } from "#schema/envelope/bytes.ts";
import { assertOr } from "../errors.ts";
import { type Hasher, type Provider } from "../provider.ts";
import {
  type AttachmentAddress,
  type AttachmentSecret,
  attachmentCipher,
  cipherOfHead,
} from "./attachment-cipher.ts";
import {
  openStreamChunk,
  sealedChunkOffset,
  type StreamCipher,
  streamChunks,
  StreamOpener,
  StreamSealer,
} from "./stream.ts";

/** What the pointer in a message says about a blob; the download is checked against it. */
export interface BlobPromise {
  /** 32 bytes. */
  readonly fileKey: Uint8Array;
  /** True size of the file. */
  readonly sizeBytes: number;
  readonly blobBytes: number;
  /** SHA-256 of the whole blob. */
  readonly blobHash: Uint8Array;
}

const zeros = new Uint8Array(attachmentChunkBytes);

/** Seals a file while it is read (CRYPTO 2.11): `salt 24 | commit 32 | chunks`, of the file and zeros up to its padded size. */
export class AttachmentSealer {
  readonly #sealer: StreamSealer;
  readonly #hasher: Hasher;
  readonly #sizeBytes: number;
  #head: Bytes | undefined;
  #taken = 0;

  /** `sizeBytes` is the size of the file: exactly so much has to be pushed. */
  constructor(provider: Provider, address: AttachmentAddress, secret: AttachmentSecret, sizeBytes: number) {
    const { cipher, head } = attachmentCipher(provider, address, secret);
    this.#sealer = new StreamSealer(cipher);
    this.#hasher = provider.sha256Hasher();
    this.#sizeBytes = sizeBytes;
    this.#head = head;
  }

  /** The next bytes of the blob; may be none yet. Throws `RangeError` when the file is longer than said. */
  push(data: Uint8Array): Bytes {
    this.#taken += data.length;
    if (this.#taken > this.#sizeBytes) throw new RangeError("attachment: the file is longer than said");
    return this.#emit(this.#sealer.push(data));
  }

  /** The rest of the blob, and its hash for the pointer. Throws `RangeError` when the file is shorter than said. */
  finish(): { readonly bytes: Bytes; readonly blobBytes: number; readonly blobHash: Bytes } {
    if (this.#taken < this.#sizeBytes) throw new RangeError("attachment: the file is shorter than said");
    const parts: Bytes[] = [];
    let padding = paddedFileBytes(this.#sizeBytes) - this.#sizeBytes;
    for (; padding > 0; padding -= zeros.length) parts.push(this.#sealer.push(zeros.subarray(0, padding)));
    const bytes = this.#emit(concat(...parts, this.#sealer.finish()));
    return { bytes, blobBytes: blobBytesOf(this.#sizeBytes), blobHash: this.#hasher.digest() };
  }

  #emit(sealed: Bytes): Bytes {
    const bytes = this.#head === undefined ? sealed : concat(this.#head, sealed);
    this.#head = undefined;
    this.#hasher.update(bytes);
    return bytes;
  }
}

/**
 * Opens a blob while it is downloaded. Every chunk is verified before it is released; that the whole is what the sender hashed is known
 * only after `finish`: whoever saved something before has to delete it when anything is refused.
 */
export class AttachmentOpener {
  readonly #provider: Provider;
  readonly #address: AttachmentAddress;
  readonly #promise: BlobPromise;
  readonly #hasher: Hasher;
  #head: Bytes = new Uint8Array(0);
  #opener: StreamOpener | undefined;
  #received = 0;
  #released = 0;

  /** Throws `CryptoError` MALFORMED for a pointer that contradicts itself (attack 60). */
  constructor(provider: Provider, address: AttachmentAddress, promise: BlobPromise) {
    assertPromise(promise);
    this.#provider = provider;
    this.#address = address;
    this.#promise = promise;
    this.#hasher = provider.sha256Hasher();
  }

  /** The next verified bytes of the file. Throws `CryptoError` BAD_COMMITMENT, BAD_TAG, BAD_PADDING, or MALFORMED (too long). */
  push(blob: Uint8Array): Bytes {
    this.#received += blob.length;
    assertOr(this.#received <= this.#promise.blobBytes, "MALFORMED", "attachment: longer than promised");
    this.#hasher.update(blob);
    if (this.#opener !== undefined) return this.#release(this.#opener.push(blob));
    const missing = attachmentHeadBytes - this.#head.length;
    this.#head = concat(this.#head, blob.subarray(0, missing));
    if (this.#head.length < attachmentHeadBytes) return new Uint8Array(0);
    this.#opener = new StreamOpener(
      cipherOfHead(this.#provider, this.#address, this.#promise.fileKey, this.#head),
    );
    return this.#release(this.#opener.push(blob.subarray(missing)));
  }

  /** The last verified bytes. Throws also `CryptoError` TRUNCATED, and BAD_BINDING for another blob than the one hashed. */
  finish(): Bytes {
    const isWhole = this.#received === this.#promise.blobBytes && this.#opener !== undefined;
    assertOr(isWhole, "TRUNCATED", "attachment: shorter than promised");
    const isSame = this.#provider.equal(this.#hasher.digest(), this.#promise.blobHash);
    assertOr(isSame, "BAD_BINDING", "attachment: another blob than the one in the message");
    return this.#release(this.#opener?.finish() ?? new Uint8Array(0));
  }

  #release(plaintext: Bytes): Bytes {
    const file = withoutPadding(plaintext, this.#promise.sizeBytes - this.#released);
    this.#released += file.length;
    return file;
  }
}

/** Bytes `start … end-1` of a blob: one sealed chunk. */
export interface ChunkRange {
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

/** Opens parts of a blob (a video that is being watched): the head first, then any chunk in any order. */
export class AttachmentReader {
  readonly #cipher: StreamCipher;
  readonly #promise: BlobPromise;
  readonly #chunks: number;

  /** `head` is the first 56 bytes of the blob. Throws `CryptoError` MALFORMED or BAD_COMMITMENT. */
  constructor(provider: Provider, address: AttachmentAddress, promise: BlobPromise, head: Uint8Array) {
    assertPromise(promise);
    this.#cipher = cipherOfHead(provider, address, promise.fileKey, head);
    this.#promise = promise;
    this.#chunks = streamChunks(this.#cipher, paddedFileBytes(promise.sizeBytes));
  }

  /** The chunks that hold bytes `start … end-1` of the file. Throws `RangeError` outside of it. */
  rangesOf(start: number, end: number): ChunkRange[] {
    if (!(start >= 0 && start < end && end <= this.#promise.sizeBytes)) {
      throw new RangeError("attachment: not a range of the file");
    }
    const first = Math.floor(start / attachmentChunkBytes);
    const last = Math.floor((end - 1) / attachmentChunkBytes);
    return Array.from({ length: last - first + 1 }, (_, at) => this.#rangeOf(first + at));
  }

  /** The bytes of the file that chunk `index` holds. Throws `CryptoError` TRUNCATED, BAD_TAG or BAD_PADDING. */
  open(index: number, sealed: Uint8Array): Bytes {
    const plaintext = openStreamChunk(this.#cipher, index, index === this.#chunks - 1, sealed);
    return withoutPadding(plaintext, this.#promise.sizeBytes - index * attachmentChunkBytes);
  }

  #rangeOf(index: number): ChunkRange {
    const start = attachmentHeadBytes + sealedChunkOffset(this.#cipher, index);
    const end = attachmentHeadBytes + sealedChunkOffset(this.#cipher, index + 1);
    return { index, start, end: Math.min(end, this.#promise.blobBytes) };
  }
}

function assertPromise({ sizeBytes, blobBytes }: BlobPromise): void {
  const isPossible =
    Number.isSafeInteger(sizeBytes) && sizeBytes >= 0 && blobBytesOf(sizeBytes) === blobBytes;
  assertOr(isPossible, "MALFORMED", "attachment: size and blob length do not fit");
}

function withoutPadding(plaintext: Bytes, fileBytesLeft: number): Bytes {
  const file = plaintext.subarray(0, Math.max(0, fileBytesLeft));
  assertOr(isAllZero(plaintext.subarray(file.length)), "BAD_PADDING", "attachment: padding is not zero");
  return file;
}
