/** What the server checks of sealed bytes: their outer framing, and that a body names where it is sent to (CRYPTO 2.4, 2.5). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { bodyHeadBytes, bodyMaxBytes, bodyType, tagBytes } from "#schema/envelope/body.ts";
import {
  capsuleEnvelopeType,
  capsulePlaintextBytes,
  headerPaddedSizes,
  parseCapsuleEnvelope,
} from "#schema/envelope/capsule-envelope.ts";
import { EnvelopeError } from "#schema/envelope/envelope-error.ts";
import { isPaddedLength } from "#schema/envelope/padding.ts";

const version = 1;
const idBytes = 16;
const nonceBytes = 24;
const plainHeadBytes = 3 + 2 + nonceBytes + nonceBytes;

function byteLength(text: string): number {
  return Math.floor((text.length * 3) / 4);
}

/** Whether `body` is a body of suite 1 made for this conversation and message. Reads its head alone. */
export function isBodyFor(body: string, conversationId: string, clientMessageId: string): boolean {
  const length = byteLength(body);
  if (length > bodyMaxBytes || !isPaddedLength(length - bodyHeadBytes - tagBytes)) return false;
  const head = decodeBase64url(body.slice(0, 48));
  return (
    head[0] === version &&
    head[1] === bodyType &&
    encodeBase64url(head.subarray(2, 2 + idBytes)) === conversationId &&
    encodeBase64url(head.subarray(2 + idBytes, 2 + 2 * idBytes)) === clientMessageId
  );
}

/** Whether `capsule` has the outer framing of a ratchet envelope. */
export function isCapsule(capsule: string): boolean {
  const [first, type, flags, high, low] = decodeBase64url(capsule.slice(0, 8));
  if (first !== version || type !== capsuleEnvelopeType) return false;
  if (flags !== 0) return isCapsuleWithPreBlock(capsule);
  const sealedHeaderBytes = (high! << 8) | low!;
  return (
    headerPaddedSizes.includes(sealedHeaderBytes - tagBytes) &&
    byteLength(capsule) === plainHeadBytes + sealedHeaderBytes + capsulePlaintextBytes + tagBytes
  );
}

/** The first messages of a session only, so it may read everything. */
function isCapsuleWithPreBlock(capsule: string): boolean {
  try {
    parseCapsuleEnvelope(decodeBase64url(capsule));
    return true;
  } catch (error) {
    if (error instanceof EnvelopeError) return false;
    throw error;
  }
}
