import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { type Bytes, concat, Reader, Writer } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import { assertOr, CryptoError, parsing } from "../errors.ts";
import { type Provider } from "../provider.ts";
import { formatTypedCode, parseTypedCode } from "../typed-code.ts";
import { type LinkCode } from "./link-code.ts";

/** 32 bytes in a QR code, 12 in a code that is typed (docs/decisions/111-where-two-devices-meet.md). */
export type LinkSecret = Uint8Array;

const version = 1;
const prefix = "sotto://join#";
const scannedBytes = 32;
const typedBytes = 12;
const typedChars = 20;
const checksumBits = 4n;
const none = new Uint8Array(0);

export function createLinkSecret(provider: Provider, form: "scan" | "type"): LinkSecret {
  return provider.random(form === "scan" ? scannedBytes : typedBytes);
}

/** `sotto://join#` and base64url of `ver 1 | secret 32`, or four groups of five characters of which the last 4 bits are a checksum. */
export function formatLinkSecret(provider: Provider, secret: LinkSecret): string {
  if (secret.length !== typedBytes) {
    return prefix + encodeBase64url(new Writer().u8(version).bytes(secret, scannedBytes).done());
  }
  let bits = 0n;
  for (const byte of secret) bits = (bits << 8n) | BigInt(byte);
  return formatTypedCode((bits << checksumBits) | checksum(provider, secret), typedChars);
}

/** Whether the text is meant as a code of this kind to be scanned. */
export function isScannedSecret(text: string): boolean {
  return text.startsWith(prefix);
}

/** Throws `CryptoError` MALFORMED, TRUNCATED (characters missing) or UNSUPPORTED_VERSION (of a newer app). */
export function parseLinkSecret(provider: Provider, text: string): LinkSecret {
  if (isScannedSecret(text)) return parseScanned(text);
  const bits = parseTypedCode(text, typedChars, "link code");
  const secret = Uint8Array.from({ length: typedBytes }, (_, index) =>
    Number((bits >> (checksumBits + BigInt((typedBytes - 1 - index) * 8))) & 255n),
  );
  if ((bits & 15n) !== checksum(provider, secret)) {
    throw new CryptoError("MALFORMED", "link code: checksum");
  }
  return secret;
}

/** `HK("", secret, L("link-code"), 16)`: where both devices meet. */
export function rendezvousOf(provider: Provider, secret: LinkSecret): Bytes {
  return provider.hkdf(none, secret, label("link-code"), 16);
}

/**
 * The code for a new device with this X25519 key, `psk = HK("", secret, L("link-code") ‖ ephemeral, 32)`: under another key than
 * the one that asks, nothing opens.
 */
export function linkCodeOf(provider: Provider, secret: LinkSecret, ephemeral: Uint8Array): LinkCode {
  const psk = provider.hkdf(none, secret, concat(label("link-code"), ephemeral), 32);
  return { rendezvous: rendezvousOf(provider, secret), ephemeral, psk };
}

/** The request as it is sent for a secret: the key in front, because no code has told it. */
export function joinRequest(ephemeral: Uint8Array, sealedRequest: Uint8Array): Bytes {
  return new Writer().bytes(ephemeral, 32).bytes(sealedRequest).done();
}

/** Throws `CryptoError` MALFORMED. */
export function splitRequest(message: Uint8Array): {
  readonly ephemeral: Uint8Array;
  readonly sealed: Uint8Array;
} {
  assertOr(message.length > 32, "MALFORMED", "link request: truncated");
  return { ephemeral: message.slice(0, 32), sealed: message.slice(32) };
}

function parseScanned(text: string): LinkSecret {
  return parsing(() => {
    const reader = new Reader(decodeBase64url(text.slice(prefix.length)), "link code");
    reader.version(version);
    const secret = reader.take(scannedBytes);
    reader.end();
    return secret;
  });
}

function checksum(provider: Provider, secret: Uint8Array): bigint {
  return BigInt(provider.sha256(secret)[0]!) >> checksumBits;
}
