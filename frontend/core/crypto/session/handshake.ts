import { type Bytes, concat, Writer } from "#schema/envelope/bytes.ts";
import { type PreBlock } from "#schema/envelope/capsule-envelope.ts";
import { type DeviceCert } from "#schema/envelope/device-cert.ts";
import { label } from "#schema/envelope/labels.ts";
import { pqPrekeyKinds } from "#schema/envelope/prekeys.ts";
import { type VerifiedBundle } from "../bundle.ts";
import { type OwnDevice } from "../device-identity.ts";
import { type PrekeySecret } from "../prekeys.ts";
import { type KeyPair, type Provider } from "../provider.ts";

/** What both sides hold after HX1 (CRYPTO 2.3). */
export interface HandshakeKeys {
  /** First root key. */
  readonly sharedKey: Bytes;
  /** Header key of the initiator's first chain. */
  readonly initiatorHeaderKey: Bytes;
  /** Header key of the responder's first chain. */
  readonly responderNextHeaderKey: Bytes;
  /** AD of the session. */
  readonly ad: Bytes;
}

export interface InitiatedHandshake extends HandshakeKeys {
  readonly pre: PreBlock;
}

/** The responder's private prekeys that a `pre` block names. */
export interface NamedSecrets {
  readonly signed: PrekeySecret;
  readonly pq: PrekeySecret;
  readonly oneTime?: PrekeySecret;
}

interface Transcript {
  readonly initiator: DeviceCert;
  readonly responder: DeviceCert;
  readonly pre: Omit<PreBlock, "deviceCert">;
  readonly signedPrekey: Uint8Array;
  readonly oneTimePrekey: Uint8Array | undefined;
  readonly pqPrekey: Uint8Array;
}

/** The initiator's side of HX1. Throws `CryptoError` MALFORMED for a low-order X25519 key or an invalid ML-KEM key. */
export function initiateHandshake(
  provider: Provider,
  own: OwnDevice,
  bundle: VerifiedBundle,
): InitiatedHandshake {
  const { device, signed, pq, oneTime } = bundle;
  const ephemeral = keyPair(provider);
  const kem = provider.kem1024.encapsulate(pq.pub, provider.random(32));
  const dhs = [
    provider.x25519(own.keys.dik.secret, signed.pub),
    provider.x25519(ephemeral.secret, device.cert.dik),
    provider.x25519(ephemeral.secret, signed.pub),
    ...(oneTime ? [provider.x25519(ephemeral.secret, oneTime.pub)] : []),
  ];
  const pre: PreBlock = {
    signedPrekeyId: signed.keyId,
    oneTimePrekeyId: oneTime?.keyId ?? 0,
    pqKind: pq.kind,
    pqPrekeyId: pq.keyId,
    ephemeral: ephemeral.pub,
    kemCiphertext: kem.ciphertext,
    deviceCert: own.cert.bytes,
  };
  const transcript = {
    initiator: own.cert,
    responder: device.cert,
    pre,
    signedPrekey: signed.pub,
    oneTimePrekey: oneTime?.pub,
    pqPrekey: pq.pub,
  };
  return { ...deriveKeys(provider, transcript, dhs, kem.secret), pre };
}

/** The responder's side of HX1; `initiator` is the verified certificate in `pre`. Throws `CryptoError` MALFORMED. */
export function answerHandshake(
  provider: Provider,
  own: OwnDevice,
  initiator: DeviceCert,
  pre: PreBlock,
  secrets: NamedSecrets,
): HandshakeKeys {
  const { signed, oneTime, pq } = secrets;
  const dhs = [
    provider.x25519(signed.secret, initiator.dik),
    provider.x25519(own.keys.dik.secret, pre.ephemeral),
    provider.x25519(signed.secret, pre.ephemeral),
    ...(oneTime ? [provider.x25519(oneTime.secret, pre.ephemeral)] : []),
  ];
  const transcript = {
    initiator,
    responder: own.cert,
    pre,
    signedPrekey: provider.x25519PublicKey(signed.secret),
    oneTimePrekey: oneTime && provider.x25519PublicKey(oneTime.secret),
    pqPrekey: provider.kem1024.publicKey(pq.secret),
  };
  return deriveKeys(provider, transcript, dhs, provider.kem1024.decapsulate(pre.kemCiphertext, pq.secret));
}

/** A fresh X25519 pair. */
export function keyPair(provider: Provider): KeyPair {
  const secret = provider.random(32);
  return { secret, pub: provider.x25519PublicKey(secret) };
}

/** `TH` of CRYPTO 2.3: both certificates, every prekey and its id, the ephemeral key and the KEM ciphertext. */
function transcriptHash(provider: Provider, transcript: Transcript): Bytes {
  const { pre } = transcript;
  return provider.sha256(
    new Writer()
      .bytes(label("hs-transcript"))
      .bytes(transcript.initiator.tbs)
      .bytes(transcript.responder.tbs)
      .u32(pre.signedPrekeyId)
      .bytes(transcript.signedPrekey, 32)
      .u32(pre.oneTimePrekeyId)
      .bytes(transcript.oneTimePrekey ?? new Uint8Array(32), 32)
      .u8(pqPrekeyKinds[pre.pqKind])
      .u32(pre.pqPrekeyId)
      .bytes(provider.sha256(transcript.pqPrekey))
      .bytes(pre.ephemeral, 32)
      .bytes(provider.sha256(pre.kemCiphertext))
      .done(),
  );
}

function deriveKeys(
  provider: Provider,
  transcript: Transcript,
  dhs: readonly Uint8Array[],
  kemSecret: Uint8Array,
): HandshakeKeys {
  const ikm = concat(new Uint8Array(32).fill(0xff), ...dhs, kemSecret);
  const info = concat(label("hs"), transcriptHash(provider, transcript));
  const okm = provider.hkdf(new Uint8Array(32), ikm, info, 96);
  ikm.fill(0);
  return {
    sharedKey: okm.slice(0, 32),
    initiatorHeaderKey: okm.slice(32, 64),
    responderNextHeaderKey: okm.slice(64),
    ad: provider.sha256(concat(label("session-ad"), transcript.initiator.tbs, transcript.responder.tbs)),
  };
}
