import { type Bytes } from "#schema/envelope/bytes.ts";

export interface KeyPair {
  readonly secret: Uint8Array;
  readonly pub: Uint8Array;
}

export interface Encapsulation {
  readonly ciphertext: Bytes;
  readonly secret: Bytes;
}

/** ML-KEM of one parameter set. Private keys are 64-byte seeds, never expanded keys. */
export interface Kem {
  publicKey(seed: Uint8Array): Bytes;
  /** `random` is 32 bytes. Throws `CryptoError` MALFORMED when `ek` fails the modulus check or has another length. */
  encapsulate(ek: Uint8Array, random: Uint8Array): Encapsulation;
  /** A wrong ciphertext gives another secret (implicit rejection); a wrong length throws MALFORMED. */
  decapsulate(ciphertext: Uint8Array, seed: Uint8Array): Bytes;
}

/** SHA-256 of bytes that arrive piece by piece. */
export interface Hasher {
  update(data: Uint8Array): void;
  /** Once, at the end. */
  digest(): Bytes;
}

export interface Argon2Params {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

/** What needs no key pair: enough to open the store and show what is in it. */
export interface SymmetricProvider {
  random(length: number): Bytes;
  sha256(data: Uint8Array): Bytes;
  sha256Hasher(): Hasher;
  /** For safety numbers only, whose algorithm is Signal's. */
  sha512(data: Uint8Array): Bytes;
  /** HMAC-SHA256. */
  hmac(key: Uint8Array, data: Uint8Array): Bytes;
  /** `HK(salt, ikm, info, n)`: HKDF-SHA256 with the argument order of CRYPTO. */
  hkdf(salt: Uint8Array, ikm: Uint8Array, info: Uint8Array, length: number): Bytes;
  /** XChaCha20-Poly1305, 24-byte nonce; the result ends in the 16-byte tag. */
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, ad: Uint8Array): Bytes;
  /** `undefined` when the tag does not hold. */
  tryOpen(key: Uint8Array, nonce: Uint8Array, ciphertext: Uint8Array, ad: Uint8Array): Bytes | undefined;
  /** ChaCha20-Poly1305 of RFC 8439, 12-byte nonce: for HPKE only, where no nonce is random. */
  sealIetf(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, ad: Uint8Array): Bytes;
  /** `undefined` when the tag does not hold. */
  tryOpenIetf(key: Uint8Array, nonce: Uint8Array, ciphertext: Uint8Array, ad: Uint8Array): Bytes | undefined;
  argon2id(password: Uint8Array, salt: Uint8Array, params: Argon2Params, length: number): Promise<Bytes>;
  /** Constant-time comparison. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
}

/** What the first use of a fresh X25519 key needs. */
export interface FirstUse {
  /** Of the own key. */
  readonly pub: Bytes;
  /** With the peer's. */
  readonly shared: Bytes;
}

/** Curves and KEMs: what reading and writing messages takes. */
export interface AsymmetricProvider {
  ed25519PublicKey(seed: Uint8Array): Bytes;
  sign(seed: Uint8Array, message: Uint8Array): Bytes;
  /** Strict: RFC 8032 with small-order keys and non-canonical encodings refused. Never throws for bad input. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  x25519PublicKey(secret: Uint8Array): Bytes;
  /** Throws `CryptoError` MALFORMED when the result would be zero (low-order `pub`). */
  x25519(secret: Uint8Array, pub: Uint8Array): Bytes;
  /** `x25519PublicKey(secret)` and `x25519(secret, pub)` at once, for platforms where reading in a key is what takes time. */
  x25519FirstUse(secret: Uint8Array, pub: Uint8Array): FirstUse;
  readonly kem768: Kem;
  readonly kem1024: Kem;
}

/**
 * Every primitive the core uses (CRYPTO 2.0), so that tests inject randomness and another implementation can be slotted in.
 * Lengths are asserted: a wrong length of a local argument is a caller's bug and throws a foreign error.
 */
export interface Provider extends SymmetricProvider, AsymmetricProvider {}
