import { type Bytes, concat } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import { CryptoError } from "./errors.ts";
import { type Provider } from "./provider.ts";
import { formatTypedCode, parseTypedCode } from "./typed-code.ts";

const secretBytes = 24;
const codeChars = 40;

/** The 24 random bytes behind a recovery code (CRYPTO 2.13): 192 bits, so no stretching is needed. */
export function createRecoverySecret(provider: Provider): Bytes {
  return provider.random(secretBytes);
}

/** 40 characters of Crockford base32 in 8 groups of 5, the last 8 bits a checksum. */
export function formatRecoveryCode(provider: Provider, secret: Uint8Array): string {
  if (secret.length !== secretBytes) throw new RangeError("recovery secret: expected 24 bytes");
  const bytes = concat(secret, checksum(provider, secret));
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  return formatTypedCode(bits, codeChars);
}

/**
 * Reads a code as people type it: any case, O for 0, I and L for 1, any separators.
 * Throws `CryptoError` TRUNCATED (characters missing) or MALFORMED (too many, foreign, or a wrong checksum).
 */
export function parseRecoveryCode(provider: Provider, text: string): Bytes {
  const bits = parseTypedCode(text, codeChars, "recovery code");
  const bytes = Uint8Array.from({ length: secretBytes + 1 }, (_, index) =>
    Number((bits >> BigInt((secretBytes - index) * 8)) & 255n),
  );
  const secret = bytes.slice(0, secretBytes);
  if (!provider.equal(checksum(provider, secret), bytes.subarray(secretBytes))) {
    throw new CryptoError("MALFORMED", "recovery code: checksum");
  }
  return secret;
}

/** The key-encryption key of a recovery code. */
export function recoveryKek(provider: Provider, accountSalt: Uint8Array, secret: Uint8Array): Bytes {
  return provider.hkdf(accountSalt, secret, label("recovery"), 32);
}

/**
 * What proves a recovery code to the server, which keeps a hash of it: 32 bytes out of 192 random bits, from which nobody comes back to the code
 * or to its key-encryption key.
 */
export function recoveryAuthKey(provider: Provider, accountSalt: Uint8Array, secret: Uint8Array): Bytes {
  return provider.hkdf(accountSalt, secret, label("recovery-auth"), 32);
}

function checksum(provider: Provider, secret: Uint8Array): Bytes {
  return provider.sha256(secret).slice(0, 1);
}
