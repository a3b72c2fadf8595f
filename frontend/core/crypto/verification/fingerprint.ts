import { type Bytes, concat } from "#schema/envelope/bytes.ts";
import { type Provider } from "../provider.ts";

/** One side of a comparison. */
export interface FingerprintParty {
  /** Public key with its type byte in front. */
  readonly key: Uint8Array;
  /** What the key is for and never changes. */
  readonly stableId: Uint8Array;
}

/** `iterations` makes finding another key with equal digits dearer; 5,200 give about 112 bits. */
const fingerprintIterations = 5200;

const hashVersion = Uint8Array.of(0, 0);
const digitGroups = 6;
const groupBytes = 5;

/**
 * Signal's fingerprint (libsignal `rust/protocol/src/fingerprint.rs`): SHA-512 of `00 00 ‖ key ‖ stableId ‖ key`, then over and over of
 * `hash ‖ key`. 64 bytes.
 */
export function fingerprintOf(
  provider: Provider,
  party: FingerprintParty,
  iterations = fingerprintIterations,
): Bytes {
  let hash = provider.sha512(concat(hashVersion, party.key, party.stableId, party.key));
  for (let round = 1; round < iterations; round += 1) hash = provider.sha512(concat(hash, party.key));
  return hash;
}

/** 30 digits of a fingerprint: 6 times 5 bytes, each modulo 100,000. */
function fingerprintDigits(fingerprint: Uint8Array): string {
  let digits = "";
  for (let group = 0; group < digitGroups; group += 1) {
    const bytes = fingerprint.subarray(group * groupBytes, (group + 1) * groupBytes);
    const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    digits += String(value % 100_000).padStart(5, "0");
  }
  return digits;
}

/** The 60 digits that both sides see alike: the smaller half first. */
export function displayedFingerprint(local: Uint8Array, remote: Uint8Array): string {
  const [one, other] = [fingerprintDigits(local), fingerprintDigits(remote)];
  return one < other ? one + other : other + one;
}
