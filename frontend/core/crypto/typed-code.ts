/** Codes that people write down and type: Crockford base32 in groups of five. */
import { assertOr } from "./errors.ts";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const groupChars = 5;

/** The lowest `5 × chars` bits; `chars` is a multiple of 5. */
export function formatTypedCode(bits: bigint, chars: number): string {
  let code = "";
  for (let index = chars - 1; index >= 0; index -= 1) {
    code += alphabet[Number((bits >> BigInt(index * 5)) & 31n)]!;
    if (index > 0 && index % groupChars === 0) code += "-";
  }
  return code;
}

/**
 * Reads a code as people type it: any case, O for 0, I and L for 1, any separators. `what` begins the error's message.
 * Throws `CryptoError` TRUNCATED (characters missing) or MALFORMED (too many, or foreign).
 */
export function parseTypedCode(text: string, chars: number, what: string): bigint {
  const normal = text
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[\s\-–—_.]/g, "")
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");
  assertOr(normal.length >= chars, "TRUNCATED", `${what}: expected ${chars / groupChars} groups`);
  assertOr(normal.length === chars, "MALFORMED", `${what}: too long`);
  let bits = 0n;
  for (const char of normal) {
    const value = alphabet.indexOf(char);
    assertOr(value >= 0, "MALFORMED", `${what}: foreign character`);
    bits = (bits << 5n) | BigInt(value);
  }
  return bits;
}
