import { bodyHeadBytes, encodeBodyHead, parseBody } from "#schema/envelope/body.ts";
import { type Bytes, concat, sameBytes } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import {
  type ContentBinding,
  encodeContent,
  type MessageContent,
  type OutgoingContent,
  parseBoundContent,
} from "./content.ts";
import { type DeviceAddress } from "./device-identity.ts";
import { assertOr, parsing } from "./errors.ts";
import { contentOfFranked, frankContent, type FrankedContent } from "./franking.ts";
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

/** Seals a message once, for all devices, under a fresh key (CRYPTO 2.5, 2.14). */
export function sealBody(provider: Provider, content: OutgoingContent): SealedBody {
  const bodyKey = provider.random(32);
  const { plaintext, commitment } = frankContent(provider, content, encodeContent(content));
  const nonce = provider.random(24);
  const head = encodeBodyHead({ ...content, commitment, nonce });
  const ciphertext = provider.seal(bodyKey, nonce, pad(plaintext), concat(label("body"), head));
  const body = concat(head, ciphertext);
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
  const { encoded } = openFrankedBody(provider, body, key, sender);
  return parseBoundContent(encoded, bindingOf(key, sender));
}

/** As `openBody`, but gives what a report needs: the encoded content and what opens its commitment. */
export function openFrankedBody(
  provider: Provider,
  body: Uint8Array,
  key: BodyKey,
  sender: DeviceAddress,
): FrankedContent {
  const parsed = parsing(() => parseBody(body));
  assertBodyOf(provider, body, parsed, key);
  const ad = concat(label("body"), body.subarray(0, bodyHeadBytes));
  const plaintext = provider.tryOpen(key.bodyKey, parsed.nonce, parsed.ciphertext, ad);
  assertOr(plaintext !== undefined, "BAD_TAG", "body: tag");
  return contentOfFranked(provider, bindingOf(key, sender), parsed.commitment, unpad(plaintext));
}

/** Asserts that a body is the one that a capsule names, and the message's. Throws `CryptoError` BAD_BINDING. */
export function assertBodyOf(
  provider: Provider,
  body: Uint8Array,
  parsed: { readonly conversationId: Uint8Array; readonly clientMsgId: Uint8Array },
  key: BodyKey,
): void {
  const isBody = provider.equal(provider.sha256(body), key.bodyHash);
  assertOr(isBody, "BAD_BINDING", "body: not the one the capsule names");
  const isMessage =
    sameBytes(parsed.conversationId, key.conversationId) && sameBytes(parsed.clientMsgId, key.clientMsgId);
  assertOr(isMessage, "BAD_BINDING", "body: of another message");
}

/** What the content of a message has to say about itself. */
export function bindingOf(key: BodyKey, sender: DeviceAddress): ContentBinding {
  return {
    conversationId: key.conversationId,
    clientMsgId: key.clientMsgId,
    senderAccountId: sender.accountId,
    senderDeviceId: sender.deviceId,
    sentAtMs: key.sentAtMs,
  };
}
