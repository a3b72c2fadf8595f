import { type Bytes, concat, Reader, Writer } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import { assertOr, parsing } from "../errors.ts";
import { pad, unpad } from "../padded.ts";
import { type Provider } from "../provider.ts";
import { type LinkCode } from "./link-code.ts";

/** What a new device says about itself at the rendezvous: the old one shows `name` and certifies the keys. */
export interface LinkRequest {
  readonly dsk: Uint8Array;
  readonly dik: Uint8Array;
  /** 1 to 60 characters. */
  readonly name: string;
}

const version = 1;
const nonceBytes = 24;
const nameMaxChars = 60;
const none = new Uint8Array(0);
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * `nonce 24 | SEAL(HK("", psk, L("link-request"), 32), nonce, pad(ver 1 | DSK 32 | DIK 32 | name), ad = L("link-request") ‖ rendezvous)`.
 * Throws `RangeError` for a name that is empty or too long.
 */
export function sealLinkRequest(provider: Provider, code: LinkCode, request: LinkRequest): Bytes {
  if (!isName(request.name)) throw new RangeError("link request: name");
  const plaintext = new Writer()
    .u8(version)
    .bytes(request.dsk, 32)
    .bytes(request.dik, 32)
    .bytes(new TextEncoder().encode(request.name))
    .done();
  return sealUnderPsk(provider, code, plaintext);
}

/** Throws `CryptoError` BAD_TAG (another code, or the server's own words), MALFORMED, UNSUPPORTED_VERSION, BAD_PADDING. */
export function openLinkRequest(provider: Provider, code: LinkCode, sealed: Uint8Array): LinkRequest {
  const plaintext = openUnderPsk(provider, code, sealed);
  return parsing(() => {
    const reader = new Reader(plaintext, "link request");
    reader.version(version);
    const keys = { dsk: reader.take(32), dik: reader.take(32) };
    const name = decodeName(reader.rest());
    return { ...keys, name };
  });
}

/** The new device's proof that it holds DSK, over the certificate it was offered (`devicePopMessage`). Sealed as the request is. */
export function sealLinkProof(provider: Provider, code: LinkCode, sigDsk: Uint8Array): Bytes {
  return sealUnderPsk(provider, code, new Writer().bytes(sigDsk, 64).done());
}

/** Throws `CryptoError` BAD_TAG, BAD_PADDING or MALFORMED; the signature is checked with the certificate. */
export function openLinkProof(provider: Provider, code: LinkCode, sealed: Uint8Array): Bytes {
  const proof = openUnderPsk(provider, code, sealed);
  assertOr(proof.length === 64, "MALFORMED", "link proof: length");
  return proof;
}

function sealUnderPsk(provider: Provider, code: LinkCode, plaintext: Uint8Array): Bytes {
  const nonce = provider.random(nonceBytes);
  return concat(nonce, provider.seal(keyOf(provider, code), nonce, pad(plaintext), adOf(code)));
}

function openUnderPsk(provider: Provider, code: LinkCode, sealed: Uint8Array): Bytes {
  assertOr(sealed.length > nonceBytes, "MALFORMED", "link message: truncated");
  const [nonce, ciphertext] = [sealed.subarray(0, nonceBytes), sealed.subarray(nonceBytes)];
  const plaintext = provider.tryOpen(keyOf(provider, code), nonce, ciphertext, adOf(code));
  assertOr(plaintext !== undefined, "BAD_TAG", "link message: tag");
  return unpad(plaintext);
}

function keyOf(provider: Provider, code: LinkCode): Bytes {
  return provider.hkdf(none, code.psk, label("link-request"), 32);
}

function adOf(code: LinkCode): Bytes {
  return concat(label("link-request"), code.rendezvous);
}

function decodeName(bytes: Uint8Array): string {
  let name = "";
  try {
    name = decoder.decode(bytes);
  } catch {
    // no UTF-8: as wrong as an empty name
  }
  assertOr(isName(name), "MALFORMED", "link request: name");
  return name;
}

function isName(name: string): boolean {
  return name.length > 0 && name.length <= nameMaxChars && name.isWellFormed();
}
