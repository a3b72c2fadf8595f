import { expect, test } from "vitest";
import { nobleProvider } from "./noble-provider.ts";
import type { Provider } from "./provider.ts";
import { lateProvider } from "./late-provider.ts";
import { nobleAsymmetric } from "./noble-asymmetric.ts";
import { nobleSymmetric } from "./noble-symmetric.ts";
import { assertAsymmetricWorks, assertSymmetricWorks } from "./self-test.ts";

const provider = nobleProvider;

function assertProviderWorks(tested: Provider): void {
  assertSymmetricWorks(tested);
  assertAsymmetricWorks(tested);
}

test("the self-test passes with the real provider", () => {
  expect(() => assertProviderWorks(provider)).not.toThrow();
});

test.each([
  ["constant", () => new Uint8Array(32).fill(7)],
  ["zero", () => new Uint8Array(32)],
  ["short", () => new Uint8Array(1)],
  ["repeated", (length: number) => Uint8Array.from({ length }, (_, index) => index)],
])("[ATTACK 77] UNUSABLE_RANDOMNESS: %s draws", (_, random) => {
  expect(() => assertProviderWorks({ ...provider, random })).toThrow(
    expect.objectContaining({ code: "UNUSABLE_RANDOMNESS" }),
  );
});

test.each([
  ["a verifier that accepts everything", { verify: () => true }],
  ["a cipher without a tag", { tryOpen: () => new Uint8Array(24) }],
  ["a constant shared secret", { x25519: () => provider.random(32) }],
])("[ATTACK 77] MALFORMED: %s", (_, swapped) => {
  expect(() => assertProviderWorks({ ...provider, ...swapped })).toThrow(
    expect.objectContaining({ code: "MALFORMED" }),
  );
});

test("random gives any length, also above one platform call", () => {
  expect(provider.random(0).length).toBe(0);
  const long = provider.random(200_000);
  expect(long.length).toBe(200_000);
  expect(long.subarray(-64).some((byte) => byte !== 0)).toBe(true);
});

test("a KEM agrees, rejects implicitly and refuses other lengths", () => {
  for (const [kem, size] of [
    [provider.kem768, 1184],
    [provider.kem1024, 1568],
  ] as const) {
    const seed = provider.random(64);
    const ek = kem.publicKey(seed);
    expect(ek.length).toBe(size);
    const { ciphertext, secret } = kem.encapsulate(ek, provider.random(32));
    expect(kem.decapsulate(ciphertext, seed)).toEqual(secret);
    const changed = Uint8Array.from(ciphertext).fill(ciphertext[9]! ^ 1, 9, 10);
    expect(kem.decapsulate(changed, seed)).not.toEqual(secret);
    const malformed = expect.objectContaining({ name: "CryptoError", code: "MALFORMED" });
    expect(() => kem.decapsulate(ciphertext.subarray(1), seed)).toThrow(malformed);
    expect(() => kem.encapsulate(new Uint8Array(size).fill(255), provider.random(32))).toThrow(malformed);
    expect(() => kem.encapsulate(ek.subarray(1), provider.random(32))).toThrow(malformed);
  }
});

test("tryOpen gives undefined for a short or forged ciphertext", () => {
  const key = provider.random(32);
  const nonce = provider.random(24);
  const none = new Uint8Array(0);
  const sealed = provider.seal(key, nonce, none, none);
  expect(provider.tryOpen(key, nonce, sealed, none)).toEqual(none);
  expect(provider.tryOpen(key, nonce, sealed.subarray(1), none)).toBeUndefined();
  expect(provider.tryOpen(key, nonce, sealed, key)).toBeUndefined();
});

test("curves and KEMs that come late are as good, once they are there; what failed to come is fetched again", async () => {
  let fetched = 0;
  const late = lateProvider(nobleSymmetric, async () => {
    fetched += 1;
    if (fetched === 1) throw new Error("offline");
    return nobleAsymmetric;
  });
  assertSymmetricWorks(late.provider);
  expect(() => late.provider.x25519PublicKey(provider.random(32))).toThrow("not there yet");
  await expect(late.ready()).rejects.toThrow("offline");
  await Promise.all([late.ready(), late.ready()]);
  await late.ready();
  expect(fetched).toBe(2);
  assertAsymmetricWorks(late.provider);
  for (const name of ["kem768", "kem1024"] as const) {
    const [seed, random] = [provider.random(64), provider.random(32)];
    const ek = late.provider[name].publicKey(seed);
    expect(ek).toEqual(provider[name].publicKey(seed));
    const { ciphertext, secret } = late.provider[name].encapsulate(ek, random);
    expect(late.provider[name].decapsulate(ciphertext, seed)).toEqual(secret);
  }
});

test("[ATTACK 77] MALFORMED: curves that come late and do not agree", async () => {
  const wrong = { ...nobleAsymmetric, verify: () => true };
  const late = lateProvider(nobleSymmetric, async () => wrong);
  await expect(late.ready()).rejects.toThrow(expect.objectContaining({ code: "MALFORMED" }));
  expect(() => late.provider.verify(new Uint8Array(32), new Uint8Array(1), new Uint8Array(64))).toThrow(
    "not there yet",
  );
});
