import { type Bytes, concat } from "#schema/envelope/bytes.ts";
import { type Provider } from "../provider.ts";
import { displayedFingerprint, type FingerprintParty, fingerprintOf } from "./fingerprint.ts";
import { encodeScannable, isSameScannable } from "./scannable.ts";

export interface AccountIdentity {
  /** 16 bytes. */
  readonly accountId: Uint8Array;
  /** 32 bytes. */
  readonly aik: Uint8Array;
}

/** What two people compare to know that nobody stands between them (CRYPTO 2.10). */
export interface SafetyNumber {
  /** 60 digits in 12 groups of 5, alike on both sides. */
  readonly groups: readonly string[];
  /** For the QR code that this side shows. */
  readonly qrPayload: Bytes;
  /** Whether a code scanned from the other side's screen fits. Throws `CryptoError` MALFORMED or UNSUPPORTED_VERSION. */
  matches(scanned: Uint8Array): boolean;
}

/** A type byte that Signal does not use: an Ed25519 account key. */
const keyType = 0x10;
const qrVersion = 0x10;

/** Signal's algorithm over both account keys; 10,400 hashes, so compute it outside of the main thread. */
export function safetyNumber(provider: Provider, own: AccountIdentity, other: AccountIdentity): SafetyNumber {
  const local = fingerprintOf(provider, partyOf(own));
  const remote = fingerprintOf(provider, partyOf(other));
  const scannable = { version: qrVersion, local, remote };
  return {
    groups: displayedFingerprint(local, remote).match(/.{5}/g) ?? [],
    qrPayload: encodeScannable(scannable),
    matches: (scanned) => isSameScannable(provider, scannable, scanned),
  };
}

function partyOf({ accountId, aik }: AccountIdentity): FingerprintParty {
  if (accountId.length !== 16 || aik.length !== 32) throw new RangeError("safety number: id or key length");
  return { key: concat(Uint8Array.of(keyType), aik), stableId: accountId };
}
