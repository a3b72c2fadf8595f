import { expect, test } from "vitest";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { nodeCrypto, nodeProvider } from "./node-provider.ts";

const lengths = [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 65_535, 65_536, 65_537];
const [key, nonce, short] = [nobleProvider.random(32), nobleProvider.random(24), nobleProvider.random(12)];
const other = nobleProvider.random(32);

test.each(lengths)("ciphers and hashes of Node agree with ours, %i bytes", (length) => {
  // A view that does not begin at its buffer's start.
  const data = nobleProvider.random(length + 3).subarray(3);
  const ad = data.subarray(0, 50);
  const results = [nodeProvider, nobleProvider].map((provider) => {
    const hasher = provider.sha256Hasher();
    hasher.update(data.subarray(0, 20));
    hasher.update(data.subarray(20));
    return {
      hash: provider.sha256(data),
      pieces: hasher.digest(),
      hmac: provider.hmac(data, data),
      hkdf: provider.hkdf(ad, data, ad, 96),
      sealed: provider.seal(key, nonce, data, ad),
      ietf: provider.sealIetf(key, short, data, ad),
    };
  });
  expect(results[0]).toEqual(results[1]);
  const { sealed, ietf } = results[1]!;
  expect(nodeProvider.tryOpen(key, nonce, sealed, ad)).toEqual(Uint8Array.from(data));
  expect(nodeProvider.tryOpenIetf(key, short, ietf, ad)).toEqual(Uint8Array.from(data));
  for (const at of [0, sealed.length - 1]) {
    const forged = sealed.with(at, sealed[at]! ^ 1);
    expect(nodeProvider.tryOpen(key, nonce, forged, ad)).toBeUndefined();
  }
  expect(nodeProvider.tryOpen(key, nonce, sealed, key)).toBeUndefined();
  expect(nodeProvider.tryOpen(key, nonce, sealed.subarray(0, 15), ad)).toBeUndefined();
});

test("RangeError: keys and nonces of another length", () => {
  const none = new Uint8Array(0);
  expect(() => nodeProvider.seal(key.subarray(1), nonce, none, none)).toThrow(RangeError);
  expect(() => nodeProvider.seal(key, nonce.subarray(1), none, none)).toThrow(RangeError);
  expect(() => nodeProvider.sign(key.subarray(1), none)).toThrow(RangeError);
});

test("curves of Node agree with ours, on refusals too", () => {
  const message = nobleProvider.random(100);
  const [pub, publicKey] = [nobleProvider.x25519PublicKey(other), nobleProvider.ed25519PublicKey(key)];
  expect(nodeProvider.x25519(key, pub)).toEqual(nobleProvider.x25519(key, pub));
  expect(nodeProvider.x25519PublicKey(other)).toEqual(pub);
  expect(nodeProvider.ed25519PublicKey(key)).toEqual(publicKey);
  const signature = nodeProvider.sign(key, message);
  expect(signature).toEqual(nobleProvider.sign(key, message));
  expect(nodeProvider.verify(publicKey, message, signature)).toBe(true);
  expect(nodeProvider.verify(publicKey, message, signature.with(40, signature[40]! ^ 1))).toBe(false);
  expect(nodeProvider.verify(publicKey, message, signature.subarray(1))).toBe(false);
  expect(nodeProvider.verify(new Uint8Array(32).fill(2), message, signature)).toBe(false);
  const neutral = new Uint8Array(32).fill(1, 0, 1);
  expect(nodeProvider.verify(neutral, message, new Uint8Array(64).fill(1, 0, 1))).toBe(false);
  const malformed = expect.objectContaining({ name: "CryptoError", code: "MALFORMED" });
  expect(() => nodeProvider.x25519(key, new Uint8Array(32))).toThrow(malformed);
  expect(() => nodeProvider.x25519FirstUse(key, new Uint8Array(32))).toThrow(malformed);
  expect(nodeProvider.x25519FirstUse(key, pub)).toEqual(nobleProvider.x25519FirstUse(key, pub));
});

test("Node's own are used where they agree, ours where they are missing or wrong", async () => {
  const used = nodeCrypto();
  expect(used.provider).toBe(nodeProvider);
  expect(await used.nativeCurves?.()).toBeUndefined();
  const missing = () => {
    throw new Error("unsupported");
  };
  for (const broken of [{ seal: missing }, { verify: () => true }, { tryOpen: () => new Uint8Array(100) }]) {
    const { provider, nativeCurves } = nodeCrypto({ ...nodeProvider, ...broken });
    expect(provider).toBe(nobleProvider);
    expect(await nativeCurves?.()).toBeDefined();
  }
});
