/** Curves and KEMs of the product, from noble. */
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { ml_kem1024, ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { CryptoError } from "./errors.ts";
import type { AsymmetricProvider, Kem } from "./provider.ts";

export const nobleAsymmetric: AsymmetricProvider = {
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
  x25519FirstUse: (secret, pub) => ({
    pub: nobleAsymmetric.x25519PublicKey(secret),
    shared: nobleAsymmetric.x25519(secret, pub),
  }),
  kem768: kemOf(ml_kem768),
  kem1024: kemOf(ml_kem1024),
};

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
