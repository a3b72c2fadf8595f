import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { assertOr, parsing } from "../errors.ts";
import { type SafetyNumber } from "./safety-number.ts";

const prefix = "sotto://verify#";
const digits = 60;

/** What the QR code says: scanners of browsers give text, not bytes. `sotto://verify#` and base64url of `qrPayload`. */
export function formatSafetyCode({ qrPayload }: SafetyNumber): string {
  return prefix + encodeBase64url(qrPayload);
}

/**
 * Whether what was scanned, pasted or typed is the same number: the other side's code, or the 60 digits in any grouping.
 * Throws `CryptoError` MALFORMED (neither), UNSUPPORTED_VERSION (a code of another kind).
 */
export function isSameSafetyNumber(number: SafetyNumber, text: string): boolean {
  const given = text.trim();
  if (given.startsWith(prefix)) {
    return number.matches(parsing(() => decodeBase64url(given.slice(prefix.length))));
  }
  const typed = given.replaceAll(/[\s-]/g, "");
  assertOr(/^[0-9]+$/.test(typed) && typed.length === digits, "MALFORMED", "safety number: not 60 digits");
  return typed === number.groups.join("");
}
