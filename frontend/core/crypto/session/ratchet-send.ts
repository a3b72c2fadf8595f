import { type Bytes, concat } from "#schema/envelope/bytes.ts";
import { CryptoError, isCryptoError } from "../errors.ts";
import { type Encapsulation, type Provider } from "../provider.ts";
import { type Header, type Ratchet, type RatchetState } from "./ratchet-state.ts";

export interface SendStep {
  readonly state: RatchetState;
  readonly header: Header;
  readonly headerKey: Uint8Array;
  /** For one message only. */
  readonly messageKey: Bytes;
}

/** Takes one message key out of the sending chain, after the half-step that a receive made due (CRYPTO 2.4). */
export function stepSending(ratchet: Ratchet, before: RatchetState, nowMs: number): SendStep {
  const state = before.sending.isStale ? startSendingChain(ratchet, before, nowMs) : before;
  const { sending, kem } = state;
  if (sending.chainKey === undefined || sending.headerKey === undefined) {
    throw new CryptoError("NO_SESSION", "ratchet: no sending chain yet");
  }
  const { messageKey, chainKey } = ratchet.profile.kdfChain(ratchet.provider, sending.chainKey);
  const offers = kem.self !== undefined && isPowerOfTwo(sending.count + 1);
  return {
    state: {
      ...state,
      sending: { ...sending, chainKey, count: sending.count + 1 },
      kem: { ...kem, messagesSince: kem.messagesSince + 1 },
    },
    header: {
      dh: sending.dh.pub,
      previousCount: sending.previousCount,
      number: sending.count,
      ...(offers && kem.self && { kemOffer: offerOf(ratchet.provider, kem.self) }),
      ...(kem.reply && { kemReply: kem.reply }),
    },
    headerKey: sending.headerKey,
    messageKey,
  };
}

function startSendingChain(ratchet: Ratchet, state: RatchetState, nowMs: number): RatchetState {
  const { provider, profile } = ratchet;
  const { sending, receiving, kem } = state;
  if (receiving.dh === undefined) throw new CryptoError("NO_SESSION", "ratchet: the peer's key is unknown");
  const secret = provider.random(32);
  const { pub, shared } = provider.x25519FirstUse(secret, receiving.dh);
  const encapsulated = kem.peer && tryEncapsulate(provider, kem.peer.ek);
  const ikm = encapsulated ? concat(shared, encapsulated.secret) : shared;
  const { rootKey, chainKey, nextHeaderKey } = profile.kdfRoot(provider, state.rootKey, ikm);
  const { peer, reply: _, ...keptKem } = kem;
  const counters = encapsulated
    ? { chainsSince: 0, messagesSince: 0, lastAtMs: nowMs }
    : { chainsSince: kem.chainsSince + 1, messagesSince: kem.messagesSince, lastAtMs: kem.lastAtMs };
  const next = { ...keptKem, ...counters };
  const isDue = profile.pq !== undefined && kem.self === undefined && isPqDue(profile.pq, next, nowMs);
  return {
    ...state,
    rootKey,
    sending: {
      dh: { secret, pub },
      chainKey,
      headerKey: sending.nextHeaderKey,
      nextHeaderKey,
      count: 0,
      previousCount: sending.count,
      isStale: false,
    },
    kem: {
      ...next,
      ...(encapsulated && peer && { reply: { seq: peer.seq, ciphertext: encapsulated.ciphertext } }),
      ...(isDue && { self: { seq: kem.selfSeq + 1, seed: provider.random(64) }, selfSeq: kem.selfSeq + 1 }),
    },
  };
}

/** A peer that offers an invalid key only gives up its own healing. */
function tryEncapsulate(provider: Provider, ek: Uint8Array): Encapsulation | undefined {
  try {
    return provider.kem768.encapsulate(ek, provider.random(32));
  } catch (error) {
    if (isCryptoError(error, "MALFORMED")) return undefined;
    throw error;
  }
}

function offerOf(provider: Provider, self: { seq: number; seed: Uint8Array }): Header["kemOffer"] & object {
  return { seq: self.seq, ek: provider.kem768.publicKey(self.seed) };
}

function isPqDue(
  policy: { chains: number; ageMs: number; messages: number },
  since: { chainsSince: number; messagesSince: number; lastAtMs: number },
  nowMs: number,
): boolean {
  return (
    since.chainsSince >= policy.chains ||
    since.messagesSince >= policy.messages ||
    nowMs - since.lastAtMs >= policy.ageMs
  );
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}
