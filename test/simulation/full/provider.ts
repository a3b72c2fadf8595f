/**
 * Real protocol code over cheap primitives: X25519, Ed25519, SHA-256 and an AEAD of Node, and in place of ML-KEM a toy of
 * the right sizes that keeps nothing secret. All randomness comes from the seed.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from "node:crypto";
import type { Kem, Provider } from "#core/crypto/provider.ts";
import { deterministicProviderForTesting } from "#test/support/crypto/seeded-random.ts";
import { nodeProvider } from "#test/support/crypto/node-provider.ts";

const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");
const tagBytes = 16;

export function cheapProvider(seed: number): Provider {
  const base: Provider = {
    ...nodeProvider,
    hkdf: (salt, ikm, info, length) => new Uint8Array(hkdfSync("sha256", ikm, salt, info, length)),
    seal(key, nonce, plaintext, ad) {
      const cipher = createCipheriv("chacha20-poly1305", keyOf(key, nonce), nonce.subarray(12), {
        authTagLength: tagBytes,
      });
      cipher.setAAD(ad, { plaintextLength: plaintext.length });
      return own(Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]));
    },
    tryOpen(key, nonce, ciphertext, ad) {
      if (ciphertext.length < tagBytes) return undefined;
      const decipher = createDecipheriv("chacha20-poly1305", keyOf(key, nonce), nonce.subarray(12), {
        authTagLength: tagBytes,
      });
      const length = ciphertext.length - tagBytes;
      decipher.setAAD(ad, { plaintextLength: length });
      decipher.setAuthTag(ciphertext.subarray(length));
      try {
        return own(Buffer.concat([decipher.update(ciphertext.subarray(0, length)), decipher.final()]));
      } catch {
        return undefined; // the tag
      }
    },
    ed25519PublicKey: (secret) =>
      own(createPublicKey(signingKey(secret)).export({ format: "der", type: "spki" }).subarray(-32)),
    sign: (secret, message) => own(sign(null, message, signingKey(secret))),
    verify(publicKey, message, signature) {
      // Nobody here forges; the start-up test of the client wants the neutral key refused all the same.
      if (publicKey[0] === 1 && publicKey.every((byte, index) => index === 0 || byte === 0)) return false;
      const key = createPublicKey({
        key: Buffer.concat([spkiPrefix, publicKey]),
        format: "der",
        type: "spki",
      });
      return verify(null, message, key, signature);
    },
    kem768: toyKem(1_184, 1_088),
    kem1024: toyKem(1_568, 1_568),
    argon2id: (password, salt, _params, length) =>
      Promise.resolve(own(Buffer.from(hkdfSync("sha256", password, salt, "argon2id", length)))),
    equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
  };
  return deterministicProviderForTesting(`simulation ${seed}`, base);
}

/** Anyone can compute the secret from what is public; a wrong ciphertext still gives another one. */
function toyKem(publicKeyBytes: number, ciphertextBytes: number): Kem {
  const publicKey = (seed: Uint8Array) => stretch("public key", [seed], publicKeyBytes);
  const secretOf = (ciphertext: Uint8Array, ek: Uint8Array) => stretch("secret", [ciphertext, ek], 32);
  return {
    publicKey,
    encapsulate(ek, random) {
      const ciphertext = stretch("ciphertext", [ek, random], ciphertextBytes);
      return { ciphertext, secret: secretOf(ciphertext, ek) };
    },
    decapsulate: (ciphertext, seed) => secretOf(ciphertext, publicKey(seed)),
  };
}

function stretch(label: string, parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hkdfSync("sha256", Buffer.concat(parts), "", label, length));
}

function keyOf(key: Uint8Array, nonce: Uint8Array): Buffer {
  return createHash("sha256").update(key).update(nonce.subarray(0, 12)).digest();
}

function signingKey(secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, secret]), format: "der", type: "pkcs8" });
}

function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes);
}
