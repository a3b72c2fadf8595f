import { isAllZero, sameBytes } from "#schema/envelope/bytes.ts";
import { CryptoError } from "./errors.ts";
import { type Provider } from "./provider.ts";

/**
 * Start-up self-test (attack 77): refuses a generator that repeats itself and primitives that do not fit together.
 * Throws `CryptoError` UNUSABLE_RANDOMNESS or, for a wrong primitive, MALFORMED.
 */
export function assertProviderWorks(provider: Provider): void {
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
  const shared = provider.x25519(key, provider.x25519PublicKey(other));
  const signature = provider.sign(key, message);
  const publicKey = provider.ed25519PublicKey(key);
  const works =
    opened !== undefined &&
    sameBytes(opened, message) &&
    forged === undefined &&
    sameBytes(shared, provider.x25519(other, provider.x25519PublicKey(key))) &&
    provider.verify(publicKey, message, signature) &&
    !provider.verify(publicKey, key, signature) &&
    !provider.verify(smallOrderKey, message, universalSignature);
  if (!works) throw new CryptoError("MALFORMED", "self-test: a primitive gives wrong results");
}

/** The neutral element as a key, for which a lax verifier accepts one signature for every message. */
const smallOrderKey = Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 0));
const universalSignature = Uint8Array.from({ length: 64 }, (_, index) => (index === 0 ? 1 : 0));
