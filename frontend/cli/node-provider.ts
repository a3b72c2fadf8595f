/**
 * The provider with Node's own ciphers, hashes and curves (OpenSSL) instead of ours: ten times as fast, and synchronous.
 * KEMs, and whatever Node does not have, stay ours.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { CryptoError } from "#core/crypto/errors.ts";
import { tryNativeCurves } from "#core/crypto/native/native-curves.ts";
import { isWeakPoint } from "#core/crypto/native/weak-point.ts";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import type { Provider } from "#core/crypto/provider.ts";
import { ietfKeyAndNonce } from "#core/crypto/xchacha.ts";
import type { Environment } from "#core/environment.ts";
import type { Bytes } from "#schema/envelope/bytes.ts";

const algorithm = "chacha20-poly1305";
const tagBytes = 16;
const options = { authTagLength: tagBytes };

/** RFC 8410: PrivateKeyInfo and SubjectPublicKeyInfo before the 32 bytes of the key. */
const heads = {
  x25519: ["302e020100300506032b656e04220420", "302a300506032b656e032100"],
  ed25519: ["302e020100300506032b657004220420", "302a300506032b6570032100"],
} as const;
type Curve = keyof typeof heads;

export const nodeProvider: Provider = {
  ...nobleProvider,
  sha256: (data) => own(createHash("sha256").update(data).digest()),
  sha256Hasher() {
    const hash = createHash("sha256");
    return { update: (data) => void hash.update(data), digest: () => own(hash.digest()) };
  },
  hmac: (key, data) => own(createHmac("sha256", key).update(data).digest()),
  hkdf: (salt, ikm, info, length) => new Uint8Array(hkdfSync("sha256", ikm, salt, info, length)),
  seal(key, nonce, plaintext, ad) {
    const ietf = ietfKeyAndNonce(key, nonce);
    return nodeProvider.sealIetf(ietf.key, ietf.nonce, plaintext, ad);
  },
  tryOpen(key, nonce, ciphertext, ad) {
    const ietf = ietfKeyAndNonce(key, nonce);
    return nodeProvider.tryOpenIetf(ietf.key, ietf.nonce, ciphertext, ad);
  },
  sealIetf(key, nonce, plaintext, ad) {
    const cipher = createCipheriv(algorithm, key, nonce, options);
    if (ad.length > 0) cipher.setAAD(ad, { plaintextLength: plaintext.length });
    const sealed = new Uint8Array(plaintext.length + tagBytes);
    sealed.set(cipher.update(plaintext));
    cipher.final();
    sealed.set(cipher.getAuthTag(), plaintext.length);
    return sealed;
  },
  tryOpenIetf(key, nonce, ciphertext, ad) {
    if (ciphertext.length < tagBytes) return undefined;
    const cipher = createDecipheriv(algorithm, key, nonce, options);
    if (ad.length > 0) cipher.setAAD(ad, { plaintextLength: ciphertext.length - tagBytes });
    cipher.setAuthTag(ciphertext.subarray(-tagBytes));
    const { buffer, byteOffset, length } = cipher.update(ciphertext.subarray(0, -tagBytes));
    try {
      cipher.final();
    } catch {
      return undefined; // the only remaining fault is the tag
    }
    return new Uint8Array(buffer, byteOffset, length);
  },
  ed25519PublicKey: (seed) => publicBytes(privateKey("ed25519", seed)),
  sign: (seed, message) => own(sign(undefined, message, privateKey("ed25519", seed))),
  verify(publicKey, message, signature) {
    if (publicKey.length !== 32 || signature.length !== 64 || isWeakPoint(publicKey)) return false;
    try {
      return verify(undefined, message, publicKeyOf("ed25519", publicKey), signature);
    } catch {
      return false; // an encoding that is no point
    }
  },
  x25519PublicKey: (secret) => publicBytes(privateKey("x25519", secret)),
  x25519: (secret, pub) => agree(privateKey("x25519", secret), pub),
  x25519FirstUse(secret, pub) {
    const key = privateKey("x25519", secret);
    return { pub: publicBytes(key), shared: agree(key, pub) };
  },
};

/** Node's, if it has everything and agrees with ours on fresh keys; otherwise ours, with the curves of WebCrypto where they are. */
export function nodeCrypto(node: Provider = nodeProvider): Pick<Environment, "provider" | "nativeCurves"> {
  try {
    if (agrees(node)) return { provider: node, nativeCurves: async () => undefined };
  } catch {
    // built without a cipher or a curve
  }
  return { provider: nobleProvider, nativeCurves: () => tryNativeCurves(nobleProvider) };
}

function agrees(node: Provider): boolean {
  const [secret, other, message] = [32, 32, 100].map((length) => nobleProvider.random(length)) as [
    Bytes,
    Bytes,
    Bytes,
  ];
  const nonce = message.subarray(0, 24);
  const pub = nobleProvider.x25519PublicKey(secret);
  const publicKey = nobleProvider.ed25519PublicKey(secret);
  const answers = (provider: Provider): unknown => [
    provider.sha256(message),
    provider.hmac(secret, message),
    provider.hkdf(secret, other, message, 96),
    provider.seal(secret, nonce, message, other),
    provider.tryOpen(secret, nonce, nobleProvider.seal(secret, nonce, message, other), other),
    provider.tryOpen(secret, nonce, nobleProvider.seal(secret, nonce, message, other), message),
    provider.x25519(other, pub),
    provider.x25519PublicKey(secret),
    provider.x25519FirstUse(other, pub),
    provider.ed25519PublicKey(secret),
    provider.sign(secret, message),
    provider.verify(publicKey, message, nobleProvider.sign(secret, message)),
    provider.verify(publicKey, other, nobleProvider.sign(secret, message)),
  ];
  return isDeepStrictEqual(answers(node), answers(nobleProvider));
}

function agree(key: KeyObject, pub: Uint8Array): Bytes {
  try {
    return own(diffieHellman({ privateKey: key, publicKey: publicKeyOf("x25519", pub) }));
  } catch (cause) {
    throw new CryptoError("MALFORMED", "X25519: public key refused", { cause });
  }
}

function privateKey(curve: Curve, secret: Uint8Array): KeyObject {
  if (secret.length !== 32) throw new RangeError(`${curve}: private key of another length`);
  const key = Buffer.concat([Buffer.from(heads[curve][0], "hex"), secret]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

function publicKeyOf(curve: Curve, pub: Uint8Array): KeyObject {
  const key = Buffer.concat([Buffer.from(heads[curve][1], "hex"), pub]);
  return createPublicKey({ key, format: "der", type: "spki" });
}

function publicBytes(key: KeyObject): Bytes {
  return own(createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32));
}

function own(bytes: Uint8Array): Bytes {
  return Uint8Array.from(bytes);
}
