import {
  type OneTimePrekey,
  parseOneTimePrekey,
  parsePqPrekey,
  parseSignedPrekey,
  type PqPrekey,
  pqPrekeyMessage,
  type SignedPrekey,
  signedPrekeyMessage,
} from "#schema/envelope/prekeys.ts";
import { assertOr, parsing } from "./errors.ts";
import { type VerifiedDevice } from "./list-chain.ts";
import { prekeyPolicy } from "./prekeys.ts";
import { type Provider } from "./provider.ts";

/** What the server hands out for one device. */
export interface PrekeyBundle {
  readonly signed: Uint8Array;
  readonly pq: Uint8Array;
  readonly oneTime?: Uint8Array;
}

/** A bundle whose signatures and ages were checked against `device`. */
export interface VerifiedBundle {
  readonly device: VerifiedDevice;
  readonly signed: SignedPrekey;
  readonly pq: PqPrekey;
  readonly oneTime?: OneTimePrekey;
}

const maxFutureMs = 24 * 3_600_000;

/**
 * The last part of the order of CRYPTO 2.2; list, pin and certificate were checked to get `device`.
 * Low-order X25519 keys and ML-KEM keys above the modulus are refused by `startSession`, before anything is stored.
 * Throws `CryptoError` MALFORMED, UNSUPPORTED_VERSION, BAD_SIGNATURE or PREKEY_STALE.
 */
export function verifyBundle(
  provider: Provider,
  device: VerifiedDevice,
  bundle: PrekeyBundle,
  nowMs: number,
): VerifiedBundle {
  const signed = parsing(() => parseSignedPrekey(bundle.signed));
  const pq = parsing(() => parsePqPrekey(bundle.pq));
  const oneTimeBytes = bundle.oneTime;
  const oneTime = oneTimeBytes && parsing(() => parseOneTimePrekey(oneTimeBytes));
  const { dsk } = device.cert;
  const isSigned =
    provider.verify(dsk, signedPrekeyMessage(device, signed), signed.sig) &&
    provider.verify(dsk, pqPrekeyMessage(device, pq, provider.sha256(pq.pub)), pq.sig);
  assertOr(isSigned, "BAD_SIGNATURE", "prekey bundle: signature");
  for (const { createdAtMs } of [signed, pq]) {
    const ageMs = nowMs - createdAtMs;
    const isFresh = ageMs <= prekeyPolicy.keepMs && ageMs >= -maxFutureMs;
    assertOr(isFresh, "PREKEY_STALE", "prekey bundle: too old, or from the future");
  }
  return { device, signed, pq, ...(oneTime && { oneTime }) };
}
