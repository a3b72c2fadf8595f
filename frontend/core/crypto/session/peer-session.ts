import { type Bytes, sameBytes } from "#schema/envelope/bytes.ts";
import { type CapsuleEnvelope, parseCapsuleEnvelope } from "#schema/envelope/capsule-envelope.ts";
import { type VerifiedBundle } from "../bundle.ts";
import { CryptoError, parsing } from "../errors.ts";
import { type VerifiedDevice } from "../list-chain.ts";
import { type PrekeyAccess, type PrekeyRef } from "../prekeys.ts";
import { answerPre } from "./answer.ts";
import { initiateHandshake } from "./handshake.ts";
import { startInitiator } from "./ratchet-start.ts";
import { ratchetOf, sealInSession, type Session, type SessionContext, tryOpenInSession } from "./session.ts";
import { sessionLimits } from "./suite1.ts";

export interface ArchivedSession {
  readonly session: Session;
  readonly archivedAtMs: number;
  /** Given up on purpose: it still opens late messages, but never becomes current again. */
  readonly isRetired: boolean;
}

/** Everything kept about one peer device. */
export interface PeerRecord {
  readonly current?: Session;
  /** Newest first, at most 10. */
  readonly archived: readonly ArchivedSession[];
}

export interface Encrypted {
  readonly record: PeerRecord;
  readonly envelope: Bytes;
}

export interface Decrypted {
  readonly record: PeerRecord;
  /** The 256 bytes for `parseCapsule`. */
  readonly plaintext: Bytes;
  /** One-time prekeys to delete in the same transaction. */
  readonly consumed: readonly PrekeyRef[];
  /** 40 bytes to remember for 45 days, when a last-resort PQ prekey was used. */
  readonly lastResortUse?: Bytes;
  /** Set when the message began a session: what the peer was handed out (diagnostics of attack 22). */
  readonly started?: { readonly withOneTime: boolean; readonly withOneTimePq: boolean };
}

/**
 * Begins a session with a verified bundle; it becomes current, the one before is archived.
 * Throws `CryptoError` MALFORMED for a low-order X25519 key or an ML-KEM key above the modulus.
 */
export function startSession(
  context: SessionContext,
  record: PeerRecord | undefined,
  bundle: VerifiedBundle,
): PeerRecord {
  const { provider, own, nowMs } = context;
  const handshake = initiateHandshake(provider, own, bundle);
  const session: Session = {
    ratchet: startInitiator(ratchetOf(provider), handshake, bundle.signed.pub, nowMs),
    role: 0,
    ad: handshake.ad,
    ephemeral: handshake.pre.ephemeral,
    peerCertHash: bundle.device.certHash,
    createdAtMs: nowMs,
    lastReceivedAtMs: 0,
    pending: handshake.pre,
    isLastResort: bundle.oneTime === undefined || bundle.pq.kind === "lastResort",
  };
  return makeCurrent(record, session, nowMs);
}

/** Whether `encryptCapsule` would find a session to send in. */
export function canEncrypt(
  context: SessionContext,
  record: PeerRecord | undefined,
  peer: VerifiedDevice,
): boolean {
  return record?.current !== undefined && isSendable(record.current, peer, context.nowMs);
}

/**
 * Seals a capsule plaintext of 256 bytes for `peer`. Throws `CryptoError` NO_SESSION when there is none to send in:
 * fetch a bundle and `startSession`.
 */
export function encryptCapsule(
  context: SessionContext,
  record: PeerRecord,
  peer: VerifiedDevice,
  plaintext: Uint8Array,
): Encrypted {
  const { current } = record;
  if (current === undefined || !isSendable(current, peer, context.nowMs)) {
    throw new CryptoError("NO_SESSION", "session: none to send in");
  }
  const { session, envelope } = sealInSession(context, current, plaintext);
  return { record: { ...record, current: session }, envelope };
}

/**
 * Opens a capsule envelope that `peer` sent. Nothing is changed by a refusal.
 * Throws `CryptoError`: MALFORMED, UNSUPPORTED_VERSION, NO_SESSION, FORKED, DUPLICATE, TOO_FAR, KEM_UNKNOWN, BAD_TAG,
 * PREKEY_UNKNOWN, PREKEY_REUSED, UNTRUSTED_IDENTITY (the envelope carries another certificate than `peer`).
 */
export function decryptCapsule(
  context: SessionContext,
  record: PeerRecord | undefined,
  peer: VerifiedDevice,
  bytes: Uint8Array,
  prekeys: PrekeyAccess,
): Decrypted {
  const envelope = parsing(() => parseCapsuleEnvelope(bytes));
  const known = record ?? { archived: [] };
  const opened = tryKnownSessions(context, known, peer, envelope);
  if (opened !== undefined) return opened;
  if (envelope.pre === undefined) throw new CryptoError("NO_SESSION", "session: none opens the envelope");
  const answered = answerPre(context, peer, envelope.pre, envelope, prekeys);
  const { session, ...result } = answered;
  return { ...result, record: makeCurrent(known, session, context.nowMs) };
}

/** Gives the current session up, so that the next send needs a new handshake; late messages still open. */
export function resetSession(record: PeerRecord, nowMs: number): PeerRecord {
  const { current, archived } = record;
  const retired = archived.map((old) => ({ ...old, isRetired: true }));
  return { archived: boundArchive(current ? [archive(current, nowMs, true), ...retired] : retired, nowMs) };
}

function tryKnownSessions(
  context: SessionContext,
  record: PeerRecord,
  peer: VerifiedDevice,
  envelope: CapsuleEnvelope,
): Decrypted | undefined {
  const { current, archived } = record;
  const { nowMs } = context;
  if (current !== undefined && isCandidate(current, peer, envelope)) {
    const opened = tryOpenInSession(context, current, envelope);
    if (opened !== undefined) {
      return { record: { ...record, current: opened.session }, plaintext: opened.plaintext, consumed: [] };
    }
  }
  for (const [index, old] of archived.entries()) {
    const isUsable = nowMs - old.archivedAtMs <= sessionLimits.archivedMaxAgeMs;
    if (!isUsable || !isCandidate(old.session, peer, envelope)) continue;
    const opened = tryOpenInSession(context, old.session, envelope);
    if (opened === undefined) continue;
    const { session, plaintext } = opened;
    const next = old.isRetired
      ? { ...record, archived: archived.with(index, { ...old, session }) }
      : makeCurrent({ ...record, archived: archived.toSpliced(index, 1) }, session, nowMs);
    return { record: next, plaintext, consumed: [] };
  }
  const isRepeat = [current, ...archived.map((old) => old.session)].some(
    (session) => session !== undefined && isCandidate(session, peer, envelope),
  );
  if (envelope.pre !== undefined && isRepeat) {
    throw new CryptoError("NO_SESSION", "session: the one begun with this key does not open the envelope");
  }
  return undefined;
}

/** A session that may open the envelope; one with a `pre` block opens only in the session which that block began. */
function isCandidate(session: Session, peer: VerifiedDevice, envelope: CapsuleEnvelope): boolean {
  if (!sameBytes(session.peerCertHash, peer.certHash)) return false;
  return (
    envelope.pre === undefined || (session.role === 1 && sameBytes(session.ephemeral, envelope.pre.ephemeral))
  );
}

function isSendable(session: Session, peer: VerifiedDevice, nowMs: number): boolean {
  const ageMs = nowMs - session.createdAtMs;
  const isAnswered = session.pending === undefined || ageMs <= sessionLimits.unacknowledgedMaxAgeMs;
  return (
    isAnswered && ageMs <= sessionLimits.sendingMaxAgeMs && sameBytes(session.peerCertHash, peer.certHash)
  );
}

function makeCurrent(record: PeerRecord | undefined, session: Session, nowMs: number): PeerRecord {
  const archived = record?.archived ?? [];
  const before = record?.current;
  return {
    current: session,
    archived: boundArchive(before ? [archive(before, nowMs, false), ...archived] : archived, nowMs),
  };
}

function archive(session: Session, nowMs: number, isRetired: boolean): ArchivedSession {
  return { session, archivedAtMs: nowMs, isRetired };
}

function boundArchive(archived: readonly ArchivedSession[], nowMs: number): readonly ArchivedSession[] {
  return archived
    .filter((old) => nowMs - old.archivedAtMs <= sessionLimits.archivedMaxAgeMs)
    .slice(0, sessionLimits.maxArchived);
}
