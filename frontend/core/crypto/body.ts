import { bodyHeadBytes, encodeBodyHead, parseBody } from "#schema/envelope/body.ts";
import { type Bytes, concat, sameBytes } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import { contentMaxBytes } from "./cbor.ts";
import {
  type ContentBinding,
  encodeContent,
  type MessageContent,
  type OutgoingContent,
  parseContent,
} from "./content.ts";
import { type DeviceAddress } from "./device-identity.ts";
import { assertOr, CryptoError, parsing } from "./errors.ts";
import { pad, unpad } from "./padded.ts";
import { type Provider } from "./provider.ts";

/** What a capsule tells about the body it belongs to (CRYPTO 2.5, kind 1). */
export interface BodyKey {
  readonly conversationId: Uint8Array;
  readonly clientMsgId: Uint8Array;
  /** BK, 32 bytes. */
  readonly bodyKey: Uint8Array;
  /** BH, SHA-256 of the whole body. */
  readonly bodyHash: Uint8Array;
  readonly sentAtMs: number;
}

export interface SealedBody {
  readonly body: Bytes;
  readonly bodyKey: Bytes;
  readonly bodyHash: Bytes;
  /** `fc`, in the clear inside the body. */
  readonly commitment: Bytes;
}

const frankingKeyBytes = 32;

/** Seals a message once, for all devices, under a fresh key (CRYPTO 2.5, 2.14). */
export function sealBody(provider: Provider, content: OutgoingContent): SealedBody {
  const encoded = encodeContent(content);
  if (encoded.length > contentMaxBytes) throw new RangeError("content: larger than 64 KiB");
  const bodyKey = provider.random(32);
  const frankingKey = provider.random(frankingKeyBytes);
  const commitment = provider.hmac(frankingKey, commitmentInput(content, encoded));
  const nonce = provider.random(24);
  const head = encodeBodyHead({ ...content, commitment, nonce });
  const plaintext = pad(concat(encoded, frankingKey));
  const body = concat(head, provider.seal(bodyKey, nonce, plaintext, concat(label("body"), head)));
  return { body, bodyKey, bodyHash: provider.sha256(body), commitment };
}

/**
 * Opens a body with the key from `sender`'s capsule; `sender` is the identity of the session the capsule came in.
 * Throws `CryptoError`: BAD_BINDING (another body, conversation, message, sender or time), BAD_TAG, BAD_PADDING,
 * BAD_COMMITMENT (could not be reported, so it is not shown), MALFORMED, UNSUPPORTED_VERSION.
 */
export function openBody(
  provider: Provider,
  body: Uint8Array,
  key: BodyKey,
  sender: DeviceAddress,
): MessageContent {
  const parsed = parsing(() => parseBody(body));
  const isBody = provider.equal(provider.sha256(body), key.bodyHash);
  assertOr(isBody, "BAD_BINDING", "body: not the one the capsule names");
  const isMessage =
    sameBytes(parsed.conversationId, key.conversationId) && sameBytes(parsed.clientMsgId, key.clientMsgId);
  assertOr(isMessage, "BAD_BINDING", "body: of another message");
  const ad = concat(label("body"), body.subarray(0, bodyHeadBytes));
  const plaintext = provider.tryOpen(key.bodyKey, parsed.nonce, parsed.ciphertext, ad);
  assertOr(plaintext !== undefined, "BAD_TAG", "body: tag");
  const message = unpad(plaintext);
  if (message.length < frankingKeyBytes) throw new CryptoError("BAD_COMMITMENT", "body: no franking key");
  const encoded = message.subarray(0, -frankingKeyBytes);
  const binding = { ...key, senderAccountId: sender.accountId, senderDeviceId: sender.deviceId };
  const commitment = provider.hmac(message.subarray(-frankingKeyBytes), commitmentInput(binding, encoded));
  assertOr(provider.equal(commitment, parsed.commitment), "BAD_COMMITMENT", "body: commitment does not open");
  const content = parseContent(encoded);
  assertOr(
    isBoundTo(content, binding),
    "BAD_BINDING",
    "content: of another conversation, message, sender or time",
  );
  return content;
}

/** `L("frank") ‖ convId ‖ clientMsgId ‖ senderAccount ‖ content` (CRYPTO 2.14). */
function commitmentInput(binding: Omit<ContentBinding, "sentAtMs">, encoded: Uint8Array): Bytes {
  return concat(
    label("frank"),
    binding.conversationId,
    binding.clientMsgId,
    binding.senderAccountId,
    encoded,
  );
}

function isBoundTo(content: ContentBinding, expected: ContentBinding): boolean {
  return (
    sameBytes(content.conversationId, expected.conversationId) &&
    sameBytes(content.clientMsgId, expected.clientMsgId) &&
    sameBytes(content.senderAccountId, expected.senderAccountId) &&
    content.senderDeviceId === expected.senderDeviceId &&
    content.sentAtMs === expected.sentAtMs
  );
}
