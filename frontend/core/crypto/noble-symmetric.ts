/** Hashes, ciphers and randomness of the product: noble for the primitives, the platform's generator for randomness. */
import { chacha20poly1305, xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { equalBytes } from "@noble/ciphers/utils.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import type { Bytes } from "#schema/envelope/bytes.ts";
import type { SymmetricProvider } from "./provider.ts";

/** getRandomValues fills at most this many bytes at once. */
const randomChunkBytes = 65_536;

export const nobleSymmetric: SymmetricProvider = {
  random(length) {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += randomChunkBytes) {
      crypto.getRandomValues(bytes.subarray(at, at + randomChunkBytes));
    }
    return bytes;
  },
  sha256: (data) => sha256(data),
  sha256Hasher() {
    const hash = sha256.create();
    return { update: (data) => void hash.update(data), digest: () => hash.digest() };
  },
  hmac: (key, data) => hmac(sha256, key, data),
  hkdf: (salt, ikm, info, length) => hkdf(sha256, ikm, salt, info, length),
  sha512: (data) => sha512(data),
  seal: (key, nonce, plaintext, ad) => xchacha20poly1305(key, nonce, ad).encrypt(plaintext),
  tryOpen: (key, nonce, ciphertext, ad) => tryDecrypt(xchacha20poly1305(key, nonce, ad), ciphertext),
  sealIetf: (key, nonce, plaintext, ad) => chacha20poly1305(key, nonce, ad).encrypt(plaintext),
  tryOpenIetf: (key, nonce, ciphertext, ad) => tryDecrypt(chacha20poly1305(key, nonce, ad), ciphertext),
  async argon2id(password, salt, { memoryKib: m, passes: t, lanes: p }, length) {
    // Once per login: nobody who is signed in has to fetch it.
    const { argon2idAsync } = await import("@noble/hashes/argon2.js");
    return argon2idAsync(password, salt, { m, t, p, dkLen: length });
  },
  equal: (a, b) => a.length === b.length && equalBytes(a, b),
};

function tryDecrypt(
  cipher: { decrypt(ciphertext: Uint8Array): Bytes },
  ciphertext: Uint8Array,
): Bytes | undefined {
  if (ciphertext.length < 16) return undefined;
  try {
    return cipher.decrypt(ciphertext);
  } catch {
    return undefined; // the only remaining fault is the tag
  }
}
