/**
 * What the server checks of sealed bytes: their outer framing, and that a body names where it is sent to
 * (CRYPTO 2.4, 2.5). It compares text instead of decoding, because this runs for every message: three bytes are four
 * characters, so a field that starts at a multiple of three bytes reads the same inside a longer text.
 */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { bodyHeadBytes, bodyMaxBytes, bodyType, tagBytes } from "#schema/envelope/body.ts";
import { concat } from "#schema/envelope/bytes.ts";
import {
  capsuleEnvelopeType,
  capsulePlaintextBytes,
  headerPaddedSizes,
  parseCapsuleEnvelope,
} from "#schema/envelope/capsule-envelope.ts";
import { EnvelopeError } from "#schema/envelope/envelope-error.ts";
import { isPaddedLength } from "#schema/envelope/padding.ts";

const version = 1;
const nonceBytes = 24;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const values = new Int8Array(128).fill(-1);
for (let value = 0; value < alphabet.length; value += 1) values[alphabet.charCodeAt(value)] = value;

/** `ver | type | conversationId`: 18 bytes, the same 24 characters in every body of a conversation. */
export function bodyPrefix(conversationId: string): string {
  const id = decodeBase64url(conversationId);
  return encodeBase64url(concat(Uint8Array.from([version, bodyType]), id));
}

const prefixChars = 24;
/** 16 bytes are 21 whole characters and two bits of the next one. */
const wholeIdChars = 21;

/** Whether `body` is a body of suite 1 made for this message in the conversation of `prefix`. */
export function isBodyFor(body: string, prefix: string, clientMessageId: string): boolean {
  const length = byteLength(body);
  return (
    length <= bodyMaxBytes &&
    isPaddedLength(length - bodyHeadBytes - tagBytes) &&
    body.startsWith(prefix) &&
    body.startsWith(clientMessageId.slice(0, wholeIdChars), prefixChars) &&
    base64urlValue(body, prefixChars + wholeIdChars) >> 4 ===
      base64urlValue(clientMessageId, wholeIdChars) >> 4
  );
}

/** How a capsule without a pre block begins, by its length in characters. */
const plainCapsules = new Map(
  headerPaddedSizes.map((padded) => {
    const sealed = padded + tagBytes;
    const bytes = 3 + 2 + nonceBytes + sealed + nonceBytes + capsulePlaintextBytes + tagBytes;
    const start = encodeBase64url(
      Uint8Array.from([version, capsuleEnvelopeType, 0, sealed >> 8, sealed & 0xff]),
    );
    // Five bytes are six whole characters and four bits of the seventh.
    return [Math.ceil((bytes * 4) / 3), { whole: start.slice(0, 6), rest: base64urlValue(start, 6) >> 2 }];
  }),
);

/** Whether `capsule` has the outer framing of a ratchet envelope. */
export function isCapsule(capsule: string): boolean {
  const plain = plainCapsules.get(capsule.length);
  if (plain !== undefined && capsule.startsWith(plain.whole))
    return base64urlValue(capsule, 6) >> 2 === plain.rest;
  return isCapsuleWithPreBlock(capsule);
}

/** The first messages of a session only, so it may read everything. */
function isCapsuleWithPreBlock(capsule: string): boolean {
  try {
    return parseCapsuleEnvelope(decodeBase64url(capsule)).pre !== undefined;
  } catch (error) {
    if (error instanceof EnvelopeError) return false;
    throw error;
  }
}

function byteLength(text: string): number {
  return Math.floor((text.length * 3) / 4);
}

/** The six bits of one character; -1 for one that is none of base64url, or beyond the end. */
export function base64urlValue(text: string, index: number): number {
  return values[text.charCodeAt(index)] ?? -1;
}
