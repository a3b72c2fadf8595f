/** A growing set of small integers, compact in memory and in storage. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";

export class BitSet {
  #words: Uint32Array;

  constructor(words: Uint32Array = new Uint32Array(0)) {
    this.#words = words;
  }

  /** The inverse of `encode`. */
  static decode(text: string): BitSet {
    const bytes = decodeBase64url(text);
    const words = new Uint32Array(Math.ceil(bytes.length / 4));
    bytes.forEach((byte, index) => (words[index >> 2] = words[index >> 2]! | (byte << ((index & 3) * 8))));
    return new BitSet(words);
  }

  encode(): string {
    const bytes = new Uint8Array(this.#words.length * 4);
    for (let index = 0; index < bytes.length; index += 1) {
      bytes[index] = this.#words[index >> 2]! >>> ((index & 3) * 8);
    }
    return encodeBase64url(bytes);
  }

  copy(): BitSet {
    return new BitSet(this.#words.slice());
  }

  add(value: number): void {
    const word = value >>> 5;
    if (word >= this.#words.length) {
      const grown = new Uint32Array(word + 1);
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words[word] = this.#words[word]! | (1 << (value & 31));
  }

  has(value: number): boolean {
    return ((this.#words[value >>> 5] ?? 0) & (1 << (value & 31))) !== 0;
  }

  /** Whether every member of `others` is in this set too. */
  covers(others: BitSet): boolean {
    return others.#words.every((word, index) => (word & ~(this.#words[index] ?? 0)) === 0);
  }
}
