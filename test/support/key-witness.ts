/** A provider that remembers every secret which passes through it: keys, seeds, shared secrets, derived keys. */
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import type { Kem, Provider } from "#core/crypto/provider.ts";
import { label } from "#schema/envelope/labels.ts";
import type { Needle } from "./needles.ts";

const authInfos = new Set([label("auth"), label("recovery-auth")].map(hexOf));

export class KeyWitness {
  readonly provider: Provider;
  readonly #owner: string;
  /** Hex to name. */
  readonly #secrets = new Map<string, string>();
  /** The keys derived for the server's eyes: it receives them and keeps only a hash. */
  readonly authKeys: Uint8Array[] = [];

  constructor(owner: string, base: Provider = nobleProvider) {
    this.#owner = owner;
    this.provider = {
      ...base,
      random: (length) => {
        const bytes = base.random(length);
        return length === 32 || length === 64 ? this.#saw("random", bytes) : bytes; // others are ids, salts, nonces
      },
      hmac: (key, data) => base.hmac(this.#saw("HMAC key", key), data),
      hkdf: (salt, ikm, info, length) => {
        const derived = base.hkdf(salt, this.#saw("HKDF input", ikm), info, length);
        if (authInfos.has(hexOf(info))) this.authKeys.push(derived.slice());
        else for (let at = 0; at < length; at += 32) this.#saw("derived key", derived.subarray(at, at + 32));
        return derived;
      },
      seal: (key, nonce, plaintext, ad) => base.seal(this.#saw("sealing key", key), nonce, plaintext, ad),
      tryOpen: (key, nonce, sealed, ad) => base.tryOpen(this.#saw("opening key", key), nonce, sealed, ad),
      ed25519PublicKey: (seed) => base.ed25519PublicKey(this.#saw("Ed25519 seed", seed)),
      sign: (seed, message) => base.sign(this.#saw("Ed25519 seed", seed), message),
      x25519PublicKey: (secret) => base.x25519PublicKey(this.#saw("X25519 secret", secret)),
      x25519: (secret, pub) =>
        this.#saw("X25519 shared secret", base.x25519(this.#saw("X25519 secret", secret), pub)),
      kem768: this.#kem("ML-KEM-768", base.kem768),
      kem1024: this.#kem("ML-KEM-1024", base.kem1024),
      argon2id: async (...input) => this.#saw("stretched password", await base.argon2id(...input)),
    };
  }

  /** Whether exactly these bytes were seen as a secret. */
  knows(secret: Uint8Array): boolean {
    return this.#secrets.has(Buffer.from(secret).toString("hex"));
  }

  get needles(): Needle[] {
    return [...this.#secrets].map(([hex, name]) => ({
      name: `${this.#owner}: ${name}`,
      bytes: Buffer.from(hex, "hex"),
    }));
  }

  #kem(name: string, base: Kem): Kem {
    return {
      publicKey: (seed) => base.publicKey(this.#saw(`${name} seed`, seed)),
      encapsulate: (ek, random) => {
        const encapsulated = base.encapsulate(ek, this.#saw(`${name} randomness`, random));
        this.#saw(`${name} shared secret`, encapsulated.secret);
        return encapsulated;
      },
      decapsulate: (ciphertext, seed) =>
        this.#saw(`${name} shared secret`, base.decapsulate(ciphertext, this.#saw(`${name} seed`, seed))),
    };
  }

  /** Buffers are zeroised after use, so the bytes are copied at once. */
  #saw<Bytes extends Uint8Array>(name: string, bytes: Bytes): Bytes {
    const hex = Buffer.from(bytes).toString("hex");
    if (!this.#secrets.has(hex)) this.#secrets.set(hex, name);
    return bytes;
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
