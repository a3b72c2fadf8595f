import { type KeyPair } from "../provider.ts";
import { type HandshakeKeys, keyPair } from "./handshake.ts";
import { type Ratchet, type RatchetState } from "./ratchet-state.ts";

/** The initiator's first state: it may send at once (CRYPTO 2.4, Init, Alice). */
export function startInitiator(
  ratchet: Ratchet,
  keys: HandshakeKeys,
  signedPrekey: Uint8Array,
  nowMs: number,
): RatchetState {
  const { provider, profile } = ratchet;
  const dh = keyPair(provider);
  const shared = provider.x25519(dh.secret, signedPrekey);
  const { rootKey, chainKey, nextHeaderKey } = profile.kdfRoot(provider, keys.sharedKey, shared);
  return {
    rootKey,
    sending: {
      dh,
      chainKey,
      headerKey: keys.initiatorHeaderKey,
      nextHeaderKey,
      count: 0,
      previousCount: 0,
      isStale: false,
    },
    receiving: { dh: signedPrekey, nextHeaderKey: keys.responderNextHeaderKey, count: 0, skipped: new Map() },
    closed: [],
    kem: firstKem(ratchet, nowMs),
  };
}

/** The responder's first state: its signed prekey is its first ratchet key; it must receive before it sends (Init, Bob). */
export function startResponder(
  ratchet: Ratchet,
  keys: HandshakeKeys,
  signedPrekey: KeyPair,
  nowMs: number,
): RatchetState {
  return {
    rootKey: keys.sharedKey,
    sending: {
      dh: signedPrekey,
      nextHeaderKey: keys.responderNextHeaderKey,
      count: 0,
      previousCount: 0,
      isStale: false,
    },
    receiving: { nextHeaderKey: keys.initiatorHeaderKey, count: 0, skipped: new Map() },
    closed: [],
    kem: firstKem(ratchet, nowMs),
  };
}

function firstKem({ provider, profile }: Ratchet, nowMs: number): RatchetState["kem"] {
  const none = { peerSeq: 0, chainsSince: 0, messagesSince: 0, lastAtMs: nowMs };
  if (profile.pq === undefined) return { ...none, selfSeq: 0 };
  return { ...none, self: { seq: 1, seed: provider.random(64) }, selfSeq: 1 };
}
