import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { type Bytes, Reader, Writer } from "#schema/envelope/bytes.ts";
import { assertOr, parsing } from "../errors.ts";
import { type KeyPair, type Provider } from "../provider.ts";

/** What the QR code of a new device says (CRYPTO 2.9). Whoever films it can take the device's place, but not read what was sent to it. */
export interface LinkCode {
  /** Where both devices meet, 16 bytes. */
  readonly rendezvous: Uint8Array;
  /** X25519, 32 bytes. */
  readonly ephemeral: Uint8Array;
  /** 32 bytes; never goes to the server. */
  readonly psk: Uint8Array;
}

const version = 1;
const prefix = "sotto://link#";

/** Makes the code and the key whose public half is in it. `rendezvous` is the new device's choice, not the server's. */
export function createLinkCode(provider: Provider): { readonly code: LinkCode; readonly ephemeral: KeyPair } {
  const secret = provider.random(32);
  const ephemeral = { secret, pub: provider.x25519PublicKey(secret) };
  const code = { rendezvous: provider.random(16), ephemeral: ephemeral.pub, psk: provider.random(32) };
  return { code, ephemeral };
}

/** `sotto://link#` and base64url of `ver 1 | rendezvous 16 | e.pub 32 | psk 32`. */
export function formatLinkCode(code: LinkCode): string {
  const bytes: Bytes = new Writer()
    .u8(version)
    .bytes(code.rendezvous, 16)
    .bytes(code.ephemeral, 32)
    .bytes(code.psk, 32)
    .done();
  return prefix + encodeBase64url(bytes);
}

/** Throws `CryptoError` MALFORMED, or UNSUPPORTED_VERSION for the code of a newer app. */
export function parseLinkCode(text: string): LinkCode {
  assertOr(text.startsWith(prefix), "MALFORMED", "link code: not one");
  return parsing(() => {
    const reader = new Reader(decodeBase64url(text.slice(prefix.length)), "link code");
    reader.version(version);
    const code = { rendezvous: reader.take(16), ephemeral: reader.take(32), psk: reader.take(32) };
    reader.end();
    return code;
  });
}
