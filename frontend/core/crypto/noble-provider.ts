import { chacha20poly1305, xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { equalBytes } from "@noble/ciphers/utils.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { ml_kem1024, ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { type Bytes } from "#schema/envelope/bytes.ts";
import { CryptoError } from "./errors.ts";
import { type Kem, type Provider } from "./provider.ts";

/** getRandomValues fills at most this many bytes at once. */
const randomChunkBytes = 65_536;

/** The provider of the product: noble for the primitives, the platform's generator for randomness. */
export const nobleProvider: Provider = {
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
  ed25519PublicKey: (seed) => ed25519.getPublicKey(seed),
  sign: (seed, message) => ed25519.sign(message, seed),
  verify(publicKey, message, signature) {
    if (publicKey.length !== 32 || signature.length !== 64) return false;
    try {
      return ed25519.verify(signature, message, publicKey, { zip215: false });
    } catch {
      return false; // an encoding that is no point
    }
  },
  x25519PublicKey: (secret) => x25519.getPublicKey(secret),
  x25519(secret, pub) {
    try {
      return x25519.getSharedSecret(secret, pub);
    } catch (cause) {
      throw new CryptoError("MALFORMED", "X25519: public key refused", { cause });
    }
  },
  kem768: kemOf(ml_kem768),
  kem1024: kemOf(ml_kem1024),
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

function kemOf(kem: typeof ml_kem768): Kem {
  return {
    publicKey: (seed) => kem.keygen(seed).publicKey,
    encapsulate(ek, random) {
      try {
        const { cipherText, sharedSecret } = kem.encapsulate(ek, random);
        return { ciphertext: cipherText, secret: sharedSecret };
      } catch (cause) {
        throw new CryptoError("MALFORMED", "ML-KEM: encapsulation key refused", { cause });
      }
    },
    decapsulate(ciphertext, seed) {
      const { secretKey } = kem.keygen(seed);
      try {
        return kem.decapsulate(ciphertext, secretKey);
      } catch (cause) {
        throw new CryptoError("MALFORMED", "ML-KEM: ciphertext refused", { cause });
      } finally {
        secretKey.fill(0);
      }
    },
  };
}
