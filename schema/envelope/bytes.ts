import { assertWellFormed, EnvelopeError } from "./envelope-error.ts";

/** Bytes with a buffer of their own: what every function of this folder returns. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Reads a fixed layout front to back; integers are big-endian (CRYPTO 2.0). Every read checks the length first. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #layout: string;
  #offset = 0;

  /** `layout` is the name used in error messages. */
  constructor(bytes: Uint8Array, layout: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#layout = layout;
  }

  /** How many bytes have been read. */
  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  /** A u64 that fits a JavaScript integer; a larger one is `MALFORMED`. */
  u64(): number {
    const at = this.#advance(8);
    const value = this.#view.getUint32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4);
    assertWellFormed(Number.isSafeInteger(value), `${this.#layout}: integer out of range`);
    return value;
  }

  /** A copy of the next `length` bytes. */
  take(length: number): Bytes {
    const at = this.#advance(length);
    return Uint8Array.from(this.#bytes.subarray(at, at + length));
  }

  /** A copy of everything that is left. */
  rest(): Bytes {
    return this.take(this.remaining);
  }

  /** Reads a version byte: a higher one is `UNSUPPORTED_VERSION`, zero is `MALFORMED`. */
  version(supported: number): void {
    const version = this.u8();
    assertWellFormed(version !== 0, `${this.#layout}: version zero`);
    if (version !== supported) {
      throw new EnvelopeError("UNSUPPORTED_VERSION", `${this.#layout}: unknown version`);
    }
  }

  /** Reads one byte that stands for a name of `codes`; any other value is `MALFORMED`. */
  name<Name extends string>(codes: Readonly<Record<Name, number>>): Name {
    const code = this.u8();
    let found: Name | undefined;
    for (const name in codes) if (codes[name] === code) found = name;
    assertWellFormed(found !== undefined, `${this.#layout}: unknown code`);
    return found;
  }

  /** Asserts that the input was consumed exactly. */
  end(): void {
    assertWellFormed(this.remaining === 0, `${this.#layout}: trailing bytes`);
  }

  #advance(length: number): number {
    const at = this.#offset;
    assertWellFormed(length <= this.#bytes.length - at, `${this.#layout}: truncated`);
    this.#offset = at + length;
    return at;
  }
}

/** Room of a new `Writer`; engines keep arrays of so many bytes beside their other objects, which is thirty times as quick. */
const smallBytes = 64;

/** Builds a fixed layout. A value that does not fit its field is a caller's bug and throws `RangeError`. */
export class Writer {
  #bytes = new Uint8Array(smallBytes);
  #length = 0;

  /** How many bytes have been written. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    return this.#integer(value, 1);
  }

  u16(value: number): this {
    return this.#integer(value, 2);
  }

  u32(value: number): this {
    return this.#integer(value, 4);
  }

  /** A non-negative safe integer as u64. */
  u64(value: number): this {
    return this.#integer(value, 8);
  }

  /** Appends `bytes`; `length`, when given, must match. */
  bytes(bytes: Uint8Array, length = bytes.length): this {
    if (bytes.length !== length) {
      throw new RangeError(`expected ${length} bytes, got length=${bytes.length}`);
    }
    const at = this.#advance(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Appends `length` zeros. */
  zeros(length: number): this {
    this.#advance(length);
    return this;
  }

  done(): Bytes {
    return this.#bytes.slice(0, this.#length);
  }

  #integer(value: number, width: number): this {
    if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** (width * 8)) {
      throw new RangeError(`expected an unsigned integer of ${width} bytes`);
    }
    const at = this.#advance(width);
    for (let index = at + width - 1, left = value; index >= at; index -= 1, left = Math.floor(left / 256)) {
      this.#bytes[index] = left % 256;
    }
    return this;
  }

  /** Where the next `length` bytes go; they are zero until then. */
  #advance(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return at;
  }
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** Compares public values. Not constant-time: secrets are compared by the crypto core. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

/** The order of public byte strings: negative, zero or positive, by the first byte that differs, then by length. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = a[index]! - b[index]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function isAllZero(bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index += 1) if (bytes[index] !== 0) return false;
  return true;
}
