/** Frames with real layouts and random contents: what the server can check of them is right, nobody can open them. */
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { encodeBodyHead, tagBytes } from "#schema/envelope/body.ts";
import { concat } from "#schema/envelope/bytes.ts";
import { capsulePlaintextBytes, encodeCapsuleHead } from "#schema/envelope/capsule-envelope.ts";
import type { MessageSend } from "#schema/protocol/message.ts";

export interface RawAddress {
  readonly account: string;
  readonly device: number;
}

/** A body for exactly this conversation and message; `ciphertextBytes` is a padded size. */
export function rawBody(conversationId: string, clientMessageId: string, ciphertextBytes = 256): string {
  const head = encodeBodyHead({
    conversationId: decodeBase64url(conversationId),
    clientMsgId: decodeBase64url(clientMessageId),
    commitment: provider.random(32),
    nonce: provider.random(24),
  });
  return encodeBase64url(concat(head, provider.random(ciphertextBytes + tagBytes)));
}

/** An ordinary capsule of 405 bytes. */
export function rawCapsule(): string {
  const head = encodeCapsuleHead({
    headerNonce: provider.random(24),
    encryptedHeader: provider.random(64 + tagBytes),
    bodyNonce: provider.random(24),
  });
  return encodeBase64url(concat(head, provider.random(capsulePlaintextBytes + tagBytes)));
}

export function rawMessage(
  conversationId: string,
  to: readonly RawAddress[],
  lists: readonly { account: string; version: number }[],
): MessageSend {
  const clientMessageId = encodeBase64url(provider.random(16));
  return rawSend({
    conversationId,
    clientMessageId,
    body: rawBody(conversationId, clientMessageId),
    capsules: to.map((address) => ({ ...address, data: rawCapsule() })),
    lists,
  });
}

/** A message of parts that are taken at their word. */
export function rawSend(parts: {
  readonly conversationId: string;
  readonly clientMessageId: string;
  readonly body: string;
  readonly capsules: readonly (RawAddress & { readonly data: string })[];
  readonly lists: readonly { readonly account: string; readonly version: number }[];
}): MessageSend {
  return { type: "message:send", ...parts } as unknown as MessageSend;
}
