import { concat } from "#schema/envelope/bytes.ts";
import {
  type CapsuleEnvelope,
  capsulePlaintextBytes,
  encodeCapsuleHead,
  type PreBlock,
} from "#schema/envelope/capsule-envelope.ts";
import { label } from "#schema/envelope/labels.ts";
import { assertOr } from "../errors.ts";
import { type OwnDevice } from "../device-identity.ts";
import { type Provider } from "../provider.ts";
import { encodeHeader, parseHeader } from "./header.ts";
import { stepReceiving } from "./ratchet-receive.ts";
import { stepSending } from "./ratchet-send.ts";
import { type Header, type Ratchet, type RatchetState } from "./ratchet-state.ts";
import { suite1 } from "./suite1.ts";

/** 0: this device began the session; 1: it answered. */
export type Role = 0 | 1;

/** One session with one peer device. */
export interface Session {
  readonly ratchet: RatchetState;
  readonly role: Role;
  /** `AD` of CRYPTO 2.3. */
  readonly ad: Uint8Array;
  /** The initiator's ephemeral key: it identifies the session. */
  readonly ephemeral: Uint8Array;
  /** The peer's certificate at the handshake. */
  readonly peerCertHash: Uint8Array;
  readonly createdAtMs: number;
  /** 0 until something was received. */
  readonly lastReceivedAtMs: number;
  /** Goes with every message until the peer has answered. */
  readonly pending?: PreBlock;
  /** The handshake went without a one-time or with a last-resort key, and the peer has not answered since (attack 22). */
  readonly isLastResort: boolean;
}

export interface SessionContext {
  readonly provider: Provider;
  readonly own: OwnDevice;
  /** By a clock that follows the server's: a wrong local clock must not expire keys (attack 12). */
  readonly nowMs: number;
}

/** The ratchet of suite 1 over a provider. */
export function ratchetOf(provider: Provider): Ratchet {
  return { provider, profile: suite1 };
}

/** Seals one capsule of 256 bytes. Header and capsule have a random nonce each (CRYPTO 2.4). */
export function sealInSession(
  context: SessionContext,
  session: Session,
  plaintext: Uint8Array,
): { session: Session; envelope: Uint8Array<ArrayBuffer> } {
  if (plaintext.length !== capsulePlaintextBytes) throw new RangeError("capsule: expected 256 bytes");
  const { provider } = context;
  const step = stepSending(ratchetOf(provider), session.ratchet, context.nowMs);
  const headerNonce = provider.random(24);
  const head = encodeCapsuleHead({
    ...(session.pending && { pre: session.pending }),
    headerNonce,
    encryptedHeader: provider.seal(
      step.headerKey,
      headerNonce,
      encodeHeader(step.header),
      concat(label("hdr"), session.ad),
    ),
    bodyNonce: provider.random(24),
  });
  const bodyNonce = head.subarray(-24);
  const ad = concat(label("msg"), session.ad, Uint8Array.of(session.role), head);
  const envelope = concat(head, provider.seal(step.messageKey, bodyNonce, plaintext, ad));
  step.messageKey.fill(0);
  return { session: { ...session, ratchet: step.state }, envelope };
}

/**
 * Opens one capsule, or gives `undefined` when the envelope is not of this session.
 * Throws `CryptoError`: BAD_TAG, and everything of `stepReceiving`.
 */
export function tryOpenInSession(
  context: SessionContext,
  session: Session,
  envelope: CapsuleEnvelope,
): { session: Session; plaintext: Uint8Array<ArrayBuffer> } | undefined {
  const { provider, nowMs } = context;
  const headerAd = concat(label("hdr"), session.ad);
  const tryHeader = (headerKey: Uint8Array): Header | undefined => {
    const plain = provider.tryOpen(headerKey, envelope.headerNonce, envelope.encryptedHeader, headerAd);
    return plain && parseHeader(plain);
  };
  const step = stepReceiving(ratchetOf(provider), session.ratchet, tryHeader, nowMs);
  if (step === undefined) return undefined;
  const peerRole = 1 - session.role;
  const ad = concat(label("msg"), session.ad, Uint8Array.of(peerRole), envelope.head);
  const plaintext = provider.tryOpen(step.messageKey, envelope.bodyNonce, envelope.ciphertext, ad);
  assertOr(plaintext !== undefined, "BAD_TAG", "capsule: tag");
  const { pending: _, ...rest } = session;
  return {
    session: { ...rest, ratchet: step.state, lastReceivedAtMs: nowMs, isLastResort: false },
    plaintext,
  };
}
