import { type Bytes, compareBytes, concat } from "#schema/envelope/bytes.ts";
import { assertOr, CryptoError } from "./errors.ts";

/** The values of message content (CRYPTO 2.0): safe integers, bytes, text, arrays, and maps with text keys. */
export type CborValue = number | string | Uint8Array | readonly CborValue[] | CborMap;
export interface CborMap extends ReadonlyMap<string, CborValue> {}

const cborMaxDepth = 8;
export const contentMaxBytes = 65_536;

const major = { uint: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5 } as const;
const forbiddenKeys = new Set(["__proto__", "prototype", "constructor"]);
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Deterministic CBOR (RFC 8949 §4.2). Throws `RangeError` for a value that the profile does not have. */
export function encodeCbor(value: CborValue): Bytes {
  return encodeValue(value, 1);
}

/**
 * Strict inverse: only the shortest form, sorted distinct text keys, no floats, tags, booleans, indefinite lengths,
 * depth at most 8, at most `maxBytes`. Throws `CryptoError` MALFORMED.
 */
export function decodeCbor(bytes: Uint8Array, maxBytes = contentMaxBytes): CborValue {
  assertOr(bytes.length <= maxBytes, "MALFORMED", "cbor: too large");
  const parser = new Parser(bytes);
  const value = parser.value(1);
  parser.end();
  return value;
}

function encodeValue(value: CborValue, depth: number): Bytes {
  if (depth > cborMaxDepth) throw new RangeError("cbor: too deep");
  if (typeof value === "number") return encodeInteger(value);
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new RangeError("cbor: lone surrogate");
    const text = encoder.encode(value);
    return concat(head(major.text, text.length), text);
  }
  if (value instanceof Uint8Array) return concat(head(major.bytes, value.length), value);
  if (isMap(value)) return encodeMap(value, depth);
  return concat(head(major.array, value.length), ...value.map((item) => encodeValue(item, depth + 1)));
}

function encodeInteger(value: number): Bytes {
  if (!Number.isSafeInteger(value)) throw new RangeError("cbor: not a safe integer");
  return value >= 0 ? head(major.uint, value) : head(major.negative, -1 - value);
}

function encodeMap(map: CborMap, depth: number): Bytes {
  const entries = [...map].map(([key, value]) => {
    if (forbiddenKeys.has(key)) throw new RangeError("cbor: forbidden key");
    return { key: encodeValue(key, depth + 1), value: encodeValue(value, depth + 1) };
  });
  entries.sort((a, b) => compareBytes(a.key, b.key));
  return concat(head(major.map, entries.length), ...entries.flatMap(({ key, value }) => [key, value]));
}

function head(type: number, argument: number): Bytes {
  const initial = type << 5;
  if (argument < 24) return Uint8Array.of(initial | argument);
  if (argument < 0x100) return Uint8Array.of(initial | 24, argument);
  const width = argument < 0x1_0000 ? 2 : argument < 0x1_0000_0000 ? 4 : 8;
  const bytes = new Uint8Array(1 + width);
  bytes[0] = initial | (24 + Math.log2(width));
  for (let index = width, left = argument; index >= 1; index -= 1, left = Math.floor(left / 256)) {
    bytes[index] = left % 256;
  }
  return bytes;
}

class Parser {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  value(depth: number): CborValue {
    assertOr(depth <= cborMaxDepth, "MALFORMED", "cbor: too deep");
    const { type, argument } = this.#head();
    switch (type) {
      case major.uint:
        return argument;
      case major.negative:
        assertOr(argument < Number.MAX_SAFE_INTEGER, "MALFORMED", "cbor: integer out of range");
        return -1 - argument;
      case major.bytes:
        return Uint8Array.from(this.#take(argument));
      case major.text:
        return this.#text(argument);
      case major.array:
        assertOr(argument <= this.#remaining, "MALFORMED", "cbor: truncated");
        return Array.from({ length: argument }, () => this.value(depth + 1));
      case major.map:
        assertOr(argument * 2 <= this.#remaining, "MALFORMED", "cbor: truncated");
        return this.#map(argument, depth);
      default:
        throw new CryptoError("MALFORMED", "cbor: unsupported type");
    }
  }

  end(): void {
    assertOr(this.#remaining === 0, "MALFORMED", "cbor: trailing bytes");
  }

  get #remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  #map(count: number, depth: number): CborMap {
    const map = new Map<string, CborValue>();
    let before: Uint8Array | undefined;
    for (let index = 0; index < count; index += 1) {
      const start = this.#offset;
      const key = this.value(depth + 1);
      assertOr(typeof key === "string" && !forbiddenKeys.has(key), "MALFORMED", "cbor: map key");
      const encodedKey = this.#bytes.subarray(start, this.#offset);
      const isSorted = before === undefined || compareBytes(before, encodedKey) < 0;
      assertOr(isSorted, "MALFORMED", "cbor: keys unsorted or repeated");
      before = encodedKey;
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  #text(length: number): string {
    try {
      return decoder.decode(this.#take(length));
    } catch (cause) {
      throw new CryptoError("MALFORMED", "cbor: text", { cause });
    }
  }

  #head(): { type: number; argument: number } {
    const initial = this.#take(1)[0] ?? 0;
    const info = initial & 31;
    if (info < 24) return { type: initial >> 5, argument: info };
    assertOr(info <= 27, "MALFORMED", "cbor: indefinite length");
    const width = 2 ** (info - 24);
    const argument = this.#take(width).reduce((sum, byte) => sum * 256 + byte, 0);
    const isShortest = width === 1 ? argument >= 24 : argument >= 2 ** (width * 4);
    assertOr(isShortest && Number.isSafeInteger(argument), "MALFORMED", "cbor: integer form");
    return { type: initial >> 5, argument };
  }

  #take(length: number): Uint8Array {
    assertOr(length <= this.#remaining, "MALFORMED", "cbor: truncated");
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }
}

function isMap(value: readonly CborValue[] | CborMap): value is CborMap {
  return value instanceof Map;
}
