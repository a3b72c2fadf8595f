import { assertWellFormed } from "./envelope-error.ts";
import { type Bytes } from "./bytes.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const charCodes = Uint8Array.from(alphabet, (char) => char.charCodeAt(0));
const invalid = 0xff;
const values = new Uint8Array(128).fill(invalid);
charCodes.forEach((code, value) => (values[code] = value));

const chunkChars = 8192;

/** Runtimes that have it are a hundred times faster at it; Node 22 is not among them. */
interface NativeBase64 {
  readonly toBase64?: (options: { readonly alphabet: "base64url"; readonly omitPadding: true }) => string;
}

/** RFC 4648 §5 without padding: how binary fields travel inside JSON. */
export function encodeBase64url(bytes: Uint8Array): string {
  const { toBase64 } = bytes as NativeBase64;
  if (toBase64 !== undefined) return toBase64.call(bytes, { alphabet: "base64url", omitPadding: true });
  const codes = new Uint8Array(Math.ceil((bytes.length * 4) / 3));
  let out = 0;
  for (let index = 0; index < bytes.length; index += 3) {
    const word = (bytes[index]! << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    for (let shift = 18; shift >= 0 && out < codes.length; shift -= 6) {
      codes[out] = charCodes[(word >> shift) & 63]!;
      out += 1;
    }
  }
  let text = "";
  for (let index = 0; index < codes.length; index += chunkChars) {
    text += String.fromCharCode(...codes.subarray(index, index + chunkChars));
  }
  return text;
}

/** Strict inverse of `encodeBase64url`: padding, foreign characters and non-canonical last bits are `MALFORMED`. */
export function decodeBase64url(text: string): Bytes {
  assertWellFormed(text.length % 4 !== 1, "base64url: impossible length");
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let word = 0;
  let bits = 0;
  let out = 0;
  for (let index = 0; index < text.length; index += 1) {
    const value = values[text.charCodeAt(index)] ?? invalid;
    assertWellFormed(value !== invalid, "base64url: foreign character");
    word = ((word << 6) | value) & 0xfff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[out] = (word >> bits) & 0xff;
      out += 1;
    }
  }
  assertWellFormed((word & ((1 << bits) - 1)) === 0, "base64url: non-canonical last character");
  return bytes;
}

/** Whether `text` is what `encodeBase64url` gives for `byteLength` bytes, by length and alphabet only. */
export function isBase64urlOf(text: string, byteLength: number): boolean {
  return text.length === Math.ceil((byteLength * 4) / 3) && /^[A-Za-z0-9_-]*$/.test(text);
}
