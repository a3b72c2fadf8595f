import { assertWellFormed } from "./envelope-error.ts";
import { type Bytes, concat, Reader, Writer } from "./bytes.ts";
import { label } from "./labels.ts";

/** Why a device could not open an envelope (CRYPTO 2.8). */
export const retryReasons = {
  NO_SESSION: 1,
  FORKED: 2,
  KEM_UNKNOWN: 3,
  PREKEY_UNKNOWN: 4,
  UNDECRYPTABLE: 5,
  NO_SENDER_KEY: 6,
  MISSING_CAPSULE: 7,
} as const;
export type RetryReason = keyof typeof retryReasons;

/** Which message is asked for again. */
export interface RetryRequest {
  readonly reason: RetryReason;
  /** 16 bytes; zero when the envelope belonged to no conversation. */
  readonly conversationId: Uint8Array;
  /** 16 bytes; zero when unknown. */
  readonly clientMsgId: Uint8Array;
  /** SHA-256 of the envelope that did not open: requests are deduplicated by it. */
  readonly envelopeHash: Uint8Array;
}

/** A retry request outside any session, signed by the asking device; type 0x40. */
export interface RetryEnvelope extends RetryRequest {
  readonly fromAccountId: Uint8Array;
  readonly fromDeviceId: number;
  readonly toAccountId: Uint8Array;
  readonly toDeviceId: number;
  /** 64 bytes by the asking device's DSK over `retryMessage`. */
  readonly sig: Uint8Array;
}

export const retryEnvelopeType = 0x40;
export const retryRequestBytes = 65;
export const retryEnvelopeBytes = 171;

const version = 1;

/** `reason u8 | convId 16 | clientMsgId 16 | envelopeHash 32`. */
export function encodeRetryRequest(request: RetryRequest): Bytes {
  return new Writer()
    .u8(retryReasons[request.reason])
    .bytes(request.conversationId, 16)
    .bytes(request.clientMsgId, 16)
    .bytes(request.envelopeHash, 32)
    .done();
}

/** Throws `EnvelopeError`. */
export function parseRetryRequest(bytes: Uint8Array): RetryRequest {
  const reader = new Reader(bytes, "retry request");
  const request = {
    reason: reader.name(retryReasons),
    conversationId: reader.take(16),
    clientMsgId: reader.take(16),
    envelopeHash: reader.take(32),
  };
  reader.end();
  return request;
}

/** `ver 1 | type 0x40 | fromAccount 16 | fromDevice u32 | toAccount 16 | toDevice u32 | request 65 | sig 64`. */
export function encodeRetryEnvelope(envelope: RetryEnvelope): Bytes {
  return concat(retryTbs(envelope), new Writer().bytes(envelope.sig, 64).done());
}

/** What DSK signs: `L("retry") ‖ all before the signature`. */
export function retryMessage(envelope: Omit<RetryEnvelope, "sig">): Bytes {
  return concat(label("retry"), retryTbs(envelope));
}

/** Throws `EnvelopeError`; the signature is not checked. */
export function parseRetryEnvelope(bytes: Uint8Array): RetryEnvelope {
  const reader = new Reader(bytes, "retry envelope");
  reader.version(version);
  assertWellFormed(reader.u8() === retryEnvelopeType, "retry envelope: another type");
  const envelope = {
    fromAccountId: reader.take(16),
    fromDeviceId: reader.u32(),
    toAccountId: reader.take(16),
    toDeviceId: reader.u32(),
    ...parseRetryRequest(reader.take(retryRequestBytes)),
    sig: reader.take(64),
  };
  reader.end();
  return envelope;
}

function retryTbs(envelope: Omit<RetryEnvelope, "sig">): Bytes {
  return new Writer()
    .u8(version)
    .u8(retryEnvelopeType)
    .bytes(envelope.fromAccountId, 16)
    .u32(envelope.fromDeviceId)
    .bytes(envelope.toAccountId, 16)
    .u32(envelope.toDeviceId)
    .bytes(encodeRetryRequest(envelope), retryRequestBytes)
    .done();
}
