import { isAllZero, sameBytes } from "#schema/envelope/bytes.ts";
import { CryptoError } from "./errors.ts";
import type { Provider, SymmetricProvider } from "./provider.ts";

/**
 * Start-up self-test (attack 77): refuses a generator that repeats itself and a cipher that does not hold its tag.
 * Throws `CryptoError` UNUSABLE_RANDOMNESS or, for a wrong cipher, MALFORMED.
 */
export function assertSymmetricWorks(provider: SymmetricProvider): void {
  const draws = [provider.random(32), provider.random(32), provider.random(32)];
  const isBad = draws.some(
    (draw, index) =>
      draw.length !== 32 ||
      isAllZero(draw) ||
      draw.every((byte) => byte === draw[0]) ||
      draws.some((other, at) => at !== index && sameBytes(draw, other)),
  );
  if (isBad) throw new CryptoError("UNUSABLE_RANDOMNESS", "self-test: the random generator repeats itself");

  const [key, other] = draws as [Uint8Array, Uint8Array];
  const message = provider.random(24);
  const sealed = provider.seal(key, message, message, key);
  const opened = provider.tryOpen(key, message, sealed, key);
  const forged = provider.tryOpen(key, message, sealed, other);
  assertWorks(opened !== undefined && sameBytes(opened, message) && forged === undefined);
}

/** The same before the first use of curves: refuses those that do not agree. Throws `CryptoError` MALFORMED. */
export function assertAsymmetricWorks(provider: Provider): void {
  const [key, other, message] = [provider.random(32), provider.random(32), provider.random(24)];
  const shared = provider.x25519(key, provider.x25519PublicKey(other));
  const signature = provider.sign(key, message);
  const publicKey = provider.ed25519PublicKey(key);
  assertWorks(
    sameBytes(shared, provider.x25519(other, provider.x25519PublicKey(key))) &&
      provider.verify(publicKey, message, signature) &&
      !provider.verify(publicKey, key, signature) &&
      !provider.verify(smallOrderKey, message, universalSignature),
  );
}

function assertWorks(works: boolean): void {
  if (!works) throw new CryptoError("MALFORMED", "self-test: a primitive gives wrong results");
}

/** The neutral element as a key, for which a lax verifier accepts one signature for every message. */
const smallOrderKey = Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 0));
const universalSignature = Uint8Array.from({ length: 64 }, (_, index) => (index === 0 ? 1 : 0));
