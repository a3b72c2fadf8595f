import { type CborMap, type CborValue } from "./cbor.ts";
import { CryptoError } from "./errors.ts";

/** Reads known keys of a map strictly; every fault is `CryptoError` MALFORMED and names the field. */
export class Fields {
  readonly #map: CborMap;
  readonly #layout: string;

  constructor(value: CborValue, layout: string) {
    if (!(value instanceof Map)) throw new CryptoError("MALFORMED", `${layout}: not a map`);
    this.#map = value;
    this.#layout = layout;
  }

  has(key: string): boolean {
    return this.#map.has(key);
  }

  /** A non-negative integer below 2^53, or up to `max`. */
  uint(key: string, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.#map.get(key);
    return typeof value === "number" && value >= 0 && value <= max ? value : this.#fail(key);
  }

  bytes(key: string, length: number): Uint8Array {
    const value = this.bytesUpTo(key, length);
    return value.length === length ? value : this.#fail(key);
  }

  bytesUpTo(key: string, maxLength: number): Uint8Array {
    const value = this.#map.get(key);
    return value instanceof Uint8Array && value.length <= maxLength ? value : this.#fail(key);
  }

  /** Text of at most `maxChars` UTF-16 units. */
  text(key: string, maxChars = Number.MAX_SAFE_INTEGER): string {
    const value = this.#map.get(key);
    return typeof value === "string" && value.length <= maxChars ? value : this.#fail(key);
  }

  value(key: string): CborValue {
    return this.#map.get(key) ?? this.#fail(key);
  }

  array(key: string): readonly CborValue[] {
    const value = this.#map.get(key);
    return Array.isArray(value) ? value : this.#fail(key);
  }

  #fail(key: string): never {
    throw new CryptoError("MALFORMED", `${this.#layout}: field ${key}`);
  }
}
