import { concat, sameBytes } from "#schema/envelope/bytes.ts";
import { assertOr, CryptoError } from "../errors.ts";
import { type ClosedChain, type Header, type Ratchet, type RatchetState } from "./ratchet-state.ts";
import { boundSkipped, skipKeys, takeKey } from "./skipped-keys.ts";

export interface ReceiveStep {
  /** To be kept only after the message opened under `messageKey`. */
  readonly state: RatchetState;
  readonly messageKey: Uint8Array;
}

/**
 * Finds the key of one received message; `tryHeader` opens its header under a header key (CRYPTO 2.4, steps 1 to 6).
 * `undefined` when no header key of this state opens it.
 * Throws `CryptoError`: DUPLICATE, FORKED, TOO_FAR (before any key derivation), KEM_UNKNOWN, MALFORMED (low-order key).
 */
export function stepReceiving(
  ratchet: Ratchet,
  before: RatchetState,
  tryHeader: (headerKey: Uint8Array) => Header | undefined,
  nowMs: number,
): ReceiveStep | undefined {
  const state = forgetOld(ratchet, before, nowMs);
  const { headerKey, nextHeaderKey, dh } = state.receiving;
  const current = headerKey && tryHeader(headerKey);
  if (current !== undefined) {
    assertOr(
      dh !== undefined && sameBytes(current.dh, dh),
      "FORKED",
      "ratchet: another key in the same chain",
    );
    return finish(fromCurrent(ratchet, state, current, nowMs), current);
  }
  const next = tryHeader(nextHeaderKey);
  if (next !== undefined) {
    return finish(fromCurrent(ratchet, stepRoot(ratchet, state, next, nowMs), next, nowMs), next);
  }
  for (const [index, chain] of state.closed.entries()) {
    const header = tryHeader(chain.headerKey);
    if (header !== undefined) return finish(fromClosed(state, index, chain, header), header);
  }
  return undefined;
}

function fromClosed(state: RatchetState, index: number, chain: ClosedChain, header: Header): ReceiveStep {
  const taken = takeKey(chain.skipped, header.number);
  if (taken === undefined) throw new CryptoError("DUPLICATE", "ratchet: message key used or expired");
  const closed = state.closed.with(index, { ...chain, skipped: taken.rest });
  return { state: { ...state, closed }, messageKey: taken.key.messageKey };
}

function fromCurrent(ratchet: Ratchet, state: RatchetState, header: Header, nowMs: number): ReceiveStep {
  const { receiving } = state;
  if (header.number < receiving.count) {
    const taken = takeKey(receiving.skipped, header.number);
    if (taken === undefined) throw new CryptoError("DUPLICATE", "ratchet: message key used or expired");
    return {
      state: { ...state, receiving: { ...receiving, skipped: taken.rest } },
      messageKey: taken.key.messageKey,
    };
  }
  assertNotTooFar(ratchet, header.number - receiving.count);
  const { chainKey, skipped } = receiving;
  if (chainKey === undefined) throw new CryptoError("NO_SESSION", "ratchet: no receiving chain");
  const advanced = skipKeys(ratchet, { chainKey, skipped }, receiving.count, header.number, nowMs);
  const step = ratchet.profile.kdfChain(ratchet.provider, advanced.chainKey);
  const bounded = boundSkipped(ratchet.profile, advanced.skipped, state.closed, nowMs);
  return {
    state: {
      ...state,
      receiving: {
        ...receiving,
        chainKey: step.chainKey,
        count: header.number + 1,
        skipped: bounded.current,
      },
      closed: bounded.closed,
    },
    messageKey: step.messageKey,
  };
}

/** The receiving half of a root step, with the PQ part when the header carries one. */
function stepRoot(ratchet: Ratchet, state: RatchetState, header: Header, nowMs: number): RatchetState {
  const { provider, profile } = ratchet;
  const { receiving, sending, kem } = state;
  assertNotTooFar(ratchet, header.previousCount - receiving.count);
  assertNotTooFar(ratchet, header.number);
  const { self, ...keptKem } = kem;
  const reply = header.kemReply;
  if (reply !== undefined && (self === undefined || self.seq !== reply.seq)) {
    throw new CryptoError("KEM_UNKNOWN", "ratchet: ciphertext for a key that is gone");
  }
  const shared = provider.x25519(sending.dh.secret, header.dh);
  const closed = closeChain(ratchet, state, header.previousCount, nowMs);
  const ikm =
    reply && self ? concat(shared, provider.kem768.decapsulate(reply.ciphertext, self.seed)) : shared;
  const { rootKey, chainKey, nextHeaderKey } = profile.kdfRoot(provider, state.rootKey, ikm);
  return {
    ...state,
    rootKey,
    sending: { ...sending, isStale: true },
    receiving: {
      dh: header.dh,
      chainKey,
      headerKey: receiving.nextHeaderKey,
      nextHeaderKey,
      count: 0,
      skipped: new Map(),
    },
    closed,
    kem: reply ? { ...keptKem, chainsSince: 0, messagesSince: 0, lastAtMs: nowMs } : kem,
  };
}

function closeChain(
  ratchet: Ratchet,
  state: RatchetState,
  length: number,
  nowMs: number,
): readonly ClosedChain[] {
  const { headerKey, chainKey, skipped, count } = state.receiving;
  if (headerKey === undefined || chainKey === undefined) return state.closed;
  const rest = skipKeys(ratchet, { chainKey, skipped }, count, length, nowMs);
  return [{ headerKey, skipped: rest.skipped }, ...state.closed];
}

/** An offer is taken only when it is newer than every one before: a delayed header must not bring back a consumed key. */
function finish(step: ReceiveStep, header: Header): ReceiveStep {
  const { kem } = step.state;
  const offer = header.kemOffer;
  const isNewer = offer !== undefined && offer.seq > kem.peerSeq;
  return {
    messageKey: step.messageKey,
    state: {
      ...step.state,
      kem: {
        ...kem,
        messagesSince: kem.messagesSince + 1,
        ...(isNewer && { peer: offer, peerSeq: offer.seq }),
      },
    },
  };
}

function forgetOld(ratchet: Ratchet, state: RatchetState, nowMs: number): RatchetState {
  const { current, closed } = boundSkipped(ratchet.profile, state.receiving.skipped, state.closed, nowMs);
  return { ...state, receiving: { ...state.receiving, skipped: current }, closed };
}

function assertNotTooFar(ratchet: Ratchet, distance: number): void {
  assertOr(distance <= ratchet.profile.maxSkip, "TOO_FAR", "ratchet: too many messages skipped");
}
