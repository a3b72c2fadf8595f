/** How XChaCha20-Poly1305 is made of ChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03, 2.3), for platforms that have only the latter. */
import { hchacha } from "@noble/ciphers/chacha.js";
import type { Bytes } from "#schema/envelope/bytes.ts";

/** "expand 32-byte k" as little-endian words. */
const sigma = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574);

/** `HChaCha20(key, nonce[0..16])` and `0×4 ‖ nonce[16..24]`. Throws `RangeError` for a key or nonce of another length. */
export function ietfKeyAndNonce(
  key: Uint8Array,
  nonce: Uint8Array,
): { readonly key: Bytes; readonly nonce: Bytes } {
  if (key.length !== 32 || nonce.length !== 24)
    throw new RangeError("XChaCha20: key or nonce of another length");
  const subkey = new Uint32Array(8);
  hchacha(sigma, wordsOf(key), wordsOf(nonce.subarray(0, 16)), subkey);
  const short = new Uint8Array(12);
  short.set(nonce.subarray(16), 4);
  return { key: new Uint8Array(subkey.buffer), nonce: short };
}

/** Of a copy: a view of words needs an aligned start. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(Uint8Array.from(bytes).buffer);
}
