import { type Bytes, sameBytes, Writer } from "#schema/envelope/bytes.ts";
import { type CapsuleEnvelope, type PreBlock } from "#schema/envelope/capsule-envelope.ts";
import { assertOr, CryptoError } from "../errors.ts";
import { type VerifiedDevice } from "../list-chain.ts";
import { type PrekeyAccess, type PrekeyRef, type PrekeySecret, secretKindOfPq } from "../prekeys.ts";
import { answerHandshake, type NamedSecrets } from "./handshake.ts";
import { startResponder } from "./ratchet-start.ts";
import { ratchetOf, type Session, type SessionContext, tryOpenInSession } from "./session.ts";

export interface Answered {
  readonly session: Session;
  readonly plaintext: Bytes;
  readonly consumed: readonly PrekeyRef[];
  readonly lastResortUse?: Bytes;
  readonly started: { readonly withOneTime: boolean; readonly withOneTimePq: boolean };
}

/**
 * Completes the handshake of a first message and opens it; nothing counts as consumed before it opened (CRYPTO 2.3).
 * Throws `CryptoError`: UNTRUSTED_IDENTITY, PREKEY_UNKNOWN, PREKEY_REUSED, MALFORMED, BAD_TAG (keys do not agree).
 */
export function answerPre(
  context: SessionContext,
  peer: VerifiedDevice,
  pre: PreBlock,
  envelope: CapsuleEnvelope,
  prekeys: PrekeyAccess,
): Answered {
  const { provider, own, nowMs } = context;
  const isPeer = sameBytes(pre.deviceCert, peer.cert.bytes);
  assertOr(isPeer, "UNTRUSTED_IDENTITY", "handshake: another certificate than the device's");
  const lastResortUse = pre.pqKind === "lastResort" ? lastResortUseOf(pre) : undefined;
  const isReplay = lastResortUse !== undefined && prekeys.wasUsed(lastResortUse);
  assertOr(!isReplay, "PREKEY_REUSED", "handshake: repeated with a last-resort prekey");
  const secrets = namedSecrets(prekeys, pre);
  const keys = answerHandshake(provider, own, peer.cert, pre, secrets);
  const signedPair = { secret: secrets.signed.secret, pub: provider.x25519PublicKey(secrets.signed.secret) };
  const fresh: Session = {
    ratchet: startResponder(ratchetOf(provider), keys, signedPair, nowMs),
    role: 1,
    ad: keys.ad,
    ephemeral: pre.ephemeral,
    peerCertHash: peer.certHash,
    createdAtMs: nowMs,
    lastReceivedAtMs: 0,
    isLastResort: false,
  };
  const opened = tryOpenInSession(context, fresh, envelope);
  if (opened === undefined) throw new CryptoError("BAD_TAG", "handshake: the first message does not open");
  const used = [secrets.oneTime, secrets.pq].filter((secret) => secret !== undefined);
  return {
    ...opened,
    consumed: used.filter(({ kind }) => kind !== "lastResort").map(({ kind, keyId }) => ({ kind, keyId })),
    ...(lastResortUse && { lastResortUse }),
    started: { withOneTime: secrets.oneTime !== undefined, withOneTimePq: pre.pqKind === "oneTime" },
  };
}

function namedSecrets(prekeys: PrekeyAccess, pre: PreBlock): NamedSecrets {
  const find = (kind: PrekeySecret["kind"], keyId: number): PrekeySecret => {
    const secret = prekeys.find(kind, keyId);
    if (secret === undefined) throw new CryptoError("PREKEY_UNKNOWN", "handshake: a prekey is gone");
    return secret;
  };
  return {
    signed: find("signed", pre.signedPrekeyId),
    pq: find(secretKindOfPq(pre.pqKind), pre.pqPrekeyId),
    ...(pre.oneTimePrekeyId !== 0 && { oneTime: find("oneTime", pre.oneTimePrekeyId) }),
  };
}

/** The triple of CRYPTO 2.1: `lrkId u32 | spkId u32 | EK 32`. */
function lastResortUseOf(pre: PreBlock): Bytes {
  return new Writer().u32(pre.pqPrekeyId).u32(pre.signedPrekeyId).bytes(pre.ephemeral, 32).done();
}
