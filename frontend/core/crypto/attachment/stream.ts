import { type Bytes, concat } from "#schema/envelope/bytes.ts";
import { assertOr, CryptoError } from "../errors.ts";

/**
 * A keyed STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): a long plaintext as chunks that are sealed one by one. Formats differ in
 * the cipher, in the nonces and in how the last chunk is told from the others.
 */
export interface StreamCipher {
  /** Plaintext bytes of every chunk but the last. */
  readonly chunkBytes: number;
  readonly tagBytes: number;
  /**
   * `shorter`: the last chunk is shorter than the others, possibly empty. `flagged`: it may be full, its nonce tells, and it is empty
   * only in an empty stream.
   */
  readonly lastChunk: "shorter" | "flagged";
  seal(index: number, isLast: boolean, plaintext: Uint8Array): Bytes;
  /** `undefined` when the tag does not hold. */
  tryOpen(index: number, isLast: boolean, sealed: Uint8Array): Bytes | undefined;
}

/** Chunks of a plaintext of `plaintextBytes`. */
export function streamChunks(cipher: StreamCipher, plaintextBytes: number): number {
  if (cipher.lastChunk === "shorter") return Math.floor(plaintextBytes / cipher.chunkBytes) + 1;
  return Math.max(1, Math.ceil(plaintextBytes / cipher.chunkBytes));
}

/** Length of the sealed stream of a plaintext. */
export function sealedStreamBytes(cipher: StreamCipher, plaintextBytes: number): number {
  return plaintextBytes + streamChunks(cipher, plaintextBytes) * cipher.tagBytes;
}

/** Where sealed chunk `index` begins, from the start of the stream. */
export function sealedChunkOffset(cipher: StreamCipher, index: number): number {
  return index * (cipher.chunkBytes + cipher.tagBytes);
}

/**
 * Opens one chunk on its own (random access). The caller says whether it is the last one, from the length of the stream that it has
 * from a trusted place. Throws `CryptoError` TRUNCATED (a length that this chunk cannot have) or BAD_TAG.
 */
export function openStreamChunk(
  cipher: StreamCipher,
  index: number,
  isLast: boolean,
  sealed: Uint8Array,
): Bytes {
  const length = sealed.length - cipher.tagBytes;
  const isPlausible = isLast ? isLastLength(cipher, index, length) : length === cipher.chunkBytes;
  assertOr(isPlausible, "TRUNCATED", "stream: length of a chunk");
  const plaintext = cipher.tryOpen(index, isLast, sealed);
  if (plaintext === undefined) throw new CryptoError("BAD_TAG", "stream: tag of a chunk");
  return plaintext;
}

function isLastLength(cipher: StreamCipher, index: number, length: number): boolean {
  if (cipher.lastChunk === "shorter") return length >= 0 && length < cipher.chunkBytes;
  return length <= cipher.chunkBytes && (length > 0 || (length === 0 && index === 0));
}

/** Cuts what arrives into pieces of one size and holds back the rest. */
class Chunker {
  readonly #size: number;
  readonly #keepsFull: boolean;
  #parts: Uint8Array[] = [];
  #length = 0;

  /** `keepsFull`: a full piece is held back until more follows, because it may be the last. */
  constructor(size: number, keepsFull: boolean) {
    this.#size = size;
    this.#keepsFull = keepsFull;
  }

  push(data: Uint8Array): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let rest = data;
    while (this.#length + rest.length >= this.#size + (this.#keepsFull ? 1 : 0)) {
      const head = rest.subarray(0, this.#size - this.#length);
      rest = rest.subarray(head.length);
      pieces.push(this.#length === 0 ? head : concat(...this.#parts, head));
      this.#parts = [];
      this.#length = 0;
    }
    if (rest.length > 0) this.#parts.push(Uint8Array.from(rest));
    this.#length += rest.length;
    return pieces;
  }

  rest(): Bytes {
    return concat(...this.#parts);
  }
}

/** Seals a stream piece by piece, in any cut; the sealed bytes do not depend on how it was cut. */
export class StreamSealer {
  readonly #cipher: StreamCipher;
  readonly #chunker: Chunker;
  #index = 0;

  constructor(cipher: StreamCipher) {
    this.#cipher = cipher;
    this.#chunker = new Chunker(cipher.chunkBytes, cipher.lastChunk === "flagged");
  }

  push(plaintext: Uint8Array): Bytes {
    return concat(...this.#chunker.push(plaintext).map((piece) => this.#seal(piece, false)));
  }

  /** The last chunk. */
  finish(): Bytes {
    return this.#seal(this.#chunker.rest(), true);
  }

  #seal(piece: Uint8Array, isLast: boolean): Bytes {
    const sealed = this.#cipher.seal(this.#index, isLast, piece);
    this.#index += 1;
    return sealed;
  }
}

/** Opens a stream piece by piece; only verified plaintext comes out. */
export class StreamOpener {
  readonly #cipher: StreamCipher;
  readonly #chunker: Chunker;
  #index = 0;

  constructor(cipher: StreamCipher) {
    this.#cipher = cipher;
    this.#chunker = new Chunker(cipher.chunkBytes + cipher.tagBytes, cipher.lastChunk === "flagged");
  }

  /** Throws `CryptoError` BAD_TAG; nothing of what follows may be used then. */
  push(sealed: Uint8Array): Bytes {
    return concat(...this.#chunker.push(sealed).map((piece) => this.#open(piece, false)));
  }

  /** The last chunk. Throws `CryptoError` TRUNCATED (the stream ends within or between chunks) or BAD_TAG. */
  finish(): Bytes {
    return this.#open(this.#chunker.rest(), true);
  }

  #open(piece: Uint8Array, isLast: boolean): Bytes {
    const plaintext = openStreamChunk(this.#cipher, this.#index, isLast, piece);
    this.#index += 1;
    return plaintext;
  }
}
