import { type Bytes, sameBytes } from "#schema/envelope/bytes.ts";
import {
  encodeRetryEnvelope,
  parseRetryEnvelope,
  retryMessage,
  type RetryRequest,
} from "#schema/envelope/retry-envelope.ts";
import { type DeviceAddress, type OwnDevice } from "./device-identity.ts";
import { assertOr, parsing } from "./errors.ts";
import { type VerifiedDevice } from "./list-chain.ts";
import { type Provider } from "./provider.ts";

/** A retry request for a device with which there is no session (type 0x40, CRYPTO 2.8). Signed, not secret. */
export function signRetry(
  provider: Provider,
  own: OwnDevice,
  to: DeviceAddress,
  request: RetryRequest,
): Bytes {
  const unsigned = {
    ...request,
    fromAccountId: own.cert.accountId,
    fromDeviceId: own.cert.deviceId,
    toAccountId: to.accountId,
    toDeviceId: to.deviceId,
  };
  return encodeRetryEnvelope({
    ...unsigned,
    sig: provider.sign(own.keys.dsk.secret, retryMessage(unsigned)),
  });
}

/**
 * Checks that `asker`, a verified device, asks this device.
 * Throws `CryptoError` MALFORMED, UNSUPPORTED_VERSION, BAD_BINDING or BAD_SIGNATURE.
 */
export function verifyRetry(
  provider: Provider,
  asker: VerifiedDevice,
  own: OwnDevice,
  bytes: Uint8Array,
): RetryRequest {
  const envelope = parsing(() => parseRetryEnvelope(bytes));
  const isBetween =
    sameBytes(envelope.fromAccountId, asker.accountId) &&
    envelope.fromDeviceId === asker.deviceId &&
    sameBytes(envelope.toAccountId, own.cert.accountId) &&
    envelope.toDeviceId === own.cert.deviceId;
  assertOr(isBetween, "BAD_BINDING", "retry request: between other devices");
  const isSigned = provider.verify(asker.cert.dsk, retryMessage(envelope), envelope.sig);
  assertOr(isSigned, "BAD_SIGNATURE", "retry request: signature");
  const { reason, conversationId, clientMsgId, envelopeHash } = envelope;
  return { reason, conversationId, clientMsgId, envelopeHash };
}
