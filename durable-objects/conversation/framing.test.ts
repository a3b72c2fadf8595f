import { expect, test } from "vitest";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { encodeBodyHead, tagBytes } from "#schema/envelope/body.ts";
import { concat } from "#schema/envelope/bytes.ts";
import {
  encodeCapsuleHead,
  headerPaddedSizes,
  parseCapsuleEnvelope,
} from "#schema/envelope/capsule-envelope.ts";
import { bodyPrefix, isBodyFor, isCapsule } from "./framing.ts";

const bytes = (length: number, fill = 7) => new Uint8Array(length).fill(fill);
const conversationId = encodeBase64url(bytes(16, 1));
const prefix = bodyPrefix(conversationId);
const messageId = encodeBase64url(bytes(16, 2));

function body(ciphertextBytes = 256 + tagBytes): Uint8Array {
  const head = {
    conversationId: bytes(16, 1),
    clientMsgId: bytes(16, 2),
    commitment: bytes(32),
    nonce: bytes(24),
  };
  return concat(encodeBodyHead(head), bytes(ciphertextBytes));
}

function capsule(paddedHeader: number, withPre = false): Uint8Array {
  const pre = {
    signedPrekeyId: 1,
    oneTimePrekeyId: 0,
    pqKind: "oneTime" as const,
    pqPrekeyId: 1,
    ephemeral: bytes(32),
    kemCiphertext: bytes(1568),
    deviceCert: bytes(266),
  };
  const head = {
    headerNonce: bytes(24),
    encryptedHeader: bytes(paddedHeader + tagBytes),
    bodyNonce: bytes(24),
  };
  return concat(encodeCapsuleHead(withPre ? { pre, ...head } : head), bytes(256 + tagBytes));
}

test("[CV7] a body is taken for the conversation and message it names, in padded sizes only", () => {
  expect(isBodyFor(encodeBase64url(body()), prefix, messageId)).toBe(true);
  expect(isBodyFor(encodeBase64url(body(512 + tagBytes)), prefix, messageId)).toBe(true);
  expect(isBodyFor(encodeBase64url(body()), bodyPrefix(messageId), messageId)).toBe(false);
  expect(isBodyFor(encodeBase64url(body()), prefix, conversationId)).toBe(false);
  expect(isBodyFor(encodeBase64url(body(257 + tagBytes)), prefix, messageId)).toBe(false);
  expect(isBodyFor(encodeBase64url(body(73_728)), prefix, messageId)).toBe(false);
});

test.each([0, 1])("[CV7] a body whose byte %i is another is no body", (index) => {
  const spoilt = body();
  spoilt[index] = 0x30;
  expect(isBodyFor(encodeBase64url(spoilt), prefix, messageId)).toBe(false);
});

test("[CV7] a body is refused for a message id that differs in any bit", () => {
  const text = encodeBase64url(body());
  for (let bit = 0; bit < 128; bit += 1) {
    const other = bytes(16, 2).map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    expect([bit, isBodyFor(text, prefix, encodeBase64url(other))]).toEqual([bit, false]);
  }
});

test("[CV7] the quick look at a capsule agrees with its parser, for every form and every spoilt byte of its framing", () => {
  const capsules = headerPaddedSizes.flatMap((size) => [capsule(size), capsule(size, true)]);
  for (const good of capsules) {
    expect(isCapsule(encodeBase64url(good))).toBe(true);
    const framing = [0, 1, 2, 3, 4, 1882, 1883].filter((index) => index < good.length);
    const spoilt = framing.map((index) => good.map((byte, at) => (at === index ? byte ^ 0x41 : byte)));
    for (const candidate of [...spoilt, good.slice(0, -1), concat(good, bytes(1)), good.slice(0, 60)]) {
      expect(isCapsule(encodeBase64url(candidate))).toBe(parses(candidate));
    }
  }
});

function parses(candidate: Uint8Array): boolean {
  try {
    parseCapsuleEnvelope(candidate);
    return true;
  } catch {
    return false;
  }
}
