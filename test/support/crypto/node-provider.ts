import { createHash, createHmac, createPrivateKey, createPublicKey, diffieHellman } from "node:crypto";
import { CryptoError } from "#core/crypto/errors.ts";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { type Provider } from "#core/crypto/provider.ts";

const pkcs8Prefix = Buffer.from("302e020100300506032b656e04220420", "hex");
const spkiPrefix = Buffer.from("302a300506032b656e032100", "hex");

/**
 * The provider with X25519, SHA-256 and HMAC of Node instead of noble: makes long simulations quick, and is a second implementation
 * that must agree with the first.
 */
export const nodeProvider: Provider = {
  ...nobleProvider,
  sha256: (data) => own(createHash("sha256").update(data).digest()),
  hmac: (key, data) => own(createHmac("sha256", key).update(data).digest()),
  x25519PublicKey: (secret) =>
    own(createPublicKey(privateKey(secret)).export({ format: "der", type: "spki" }).subarray(-32)),
  x25519(secret, pub) {
    try {
      const publicKey = createPublicKey({
        key: Buffer.concat([spkiPrefix, pub]),
        format: "der",
        type: "spki",
      });
      return own(diffieHellman({ privateKey: privateKey(secret), publicKey }));
    } catch (cause) {
      throw new CryptoError("MALFORMED", "X25519: public key refused", { cause });
    }
  },
};

function privateKey(secret: Uint8Array) {
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, secret]), format: "der", type: "pkcs8" });
}

function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes);
}
