import { type Bytes, concat } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import { assertOr, CryptoError } from "./errors.ts";
import { type Provider } from "./provider.ts";

/** Whose word about which message a commitment is (CRYPTO 2.14). */
export interface FrankedMessage {
  readonly conversationId: Uint8Array;
  readonly clientMsgId: Uint8Array;
  readonly senderAccountId: Uint8Array;
}

/** Encoded content, and the key that opens its commitment. */
export interface FrankedContent {
  readonly encoded: Uint8Array;
  readonly frankingKey: Uint8Array;
  readonly commitment: Uint8Array;
}

const frankingKeyBytes = 32;

/** `content ‖ kf 32`, and `fc = HM(kf, L("frank") ‖ convId ‖ clientMsgId ‖ senderAccount ‖ content)`. */
export function frankContent(
  provider: Provider,
  message: FrankedMessage,
  encoded: Uint8Array,
): { readonly plaintext: Bytes; readonly commitment: Bytes } {
  const frankingKey = provider.random(frankingKeyBytes);
  return {
    plaintext: concat(encoded, frankingKey),
    commitment: frankingCommitment(provider, message, encoded, frankingKey),
  };
}

/**
 * The content of an opened message, whose commitment was found to open: a message that could not be reported is not shown (attack 67).
 * Throws `CryptoError` BAD_COMMITMENT.
 */
export function contentOfFranked(
  provider: Provider,
  message: FrankedMessage,
  commitment: Uint8Array,
  plaintext: Uint8Array,
): FrankedContent {
  if (plaintext.length < frankingKeyBytes) throw new CryptoError("BAD_COMMITMENT", "body: no franking key");
  const encoded = plaintext.subarray(0, -frankingKeyBytes);
  const frankingKey = plaintext.subarray(-frankingKeyBytes);
  const opened = frankingCommitment(provider, message, encoded, frankingKey);
  assertOr(provider.equal(opened, commitment), "BAD_COMMITMENT", "body: commitment does not open");
  return { encoded, frankingKey, commitment };
}

export function frankingCommitment(
  provider: Provider,
  message: FrankedMessage,
  encoded: Uint8Array,
  frankingKey: Uint8Array,
): Bytes {
  const { conversationId, clientMsgId, senderAccountId } = message;
  return provider.hmac(
    frankingKey,
    concat(label("frank"), conversationId, clientMsgId, senderAccountId, encoded),
  );
}
