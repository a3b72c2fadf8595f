import { expect, test } from "vitest";
import { encodeBase64url } from "../envelope/base64url.ts";
import { EnvelopeError } from "../envelope/envelope-error.ts";
import { limits } from "../limits.ts";
import type { MessageSend } from "./message.ts";
import { decodeSends, packSends } from "./send-frame.ts";

const frameHeadBytes = 21;
const messageHeadBytes = 27;
let counter = 0;

/** Bytes that differ from each other and from zero. */
function text(length: number): string {
  counter += 1;
  return encodeBase64url(Uint8Array.from({ length }, (_, index) => ((index + counter) % 255) + 1));
}

const conversationId = text(16);

function message(bodyBytes: number, capsuleBytes: readonly number[] = [], lists = 0): MessageSend {
  return {
    type: "message:send",
    conversationId,
    clientMessageId: text(16),
    body: text(bodyBytes),
    capsules: capsuleBytes.map((bytes, index) => ({
      account: text(16),
      device: 0xffffffff - index,
      data: text(bytes),
    })),
    lists: Array.from({ length: lists }, (_, index) => ({ account: text(16), version: index + 1 })),
  } as MessageSend;
}

function only(messages: readonly MessageSend[]): Uint8Array {
  const frames = packSends(messages);
  expect(frames.length).toBe(1);
  return frames[0] ?? new Uint8Array();
}

test("[CV46] messages come out of their frame as they went in, whatever the lengths of their fields", () => {
  const messages = [
    message(200),
    message(201, [64, 65, 66], 2),
    message(202, [limits.capsuleBytes], 1),
    message(81_920, [405, 406, 407, 408]),
  ];
  expect(decodeSends(only(messages))).toEqual(messages);
  const shifted = new Uint8Array([7, ...only(messages)]).subarray(1);
  expect(decodeSends(shifted)).toEqual(messages);
});

test("[CV46] frames are packed up to the limits of events and of size, in order; one message may exceed the size", () => {
  expect(packSends([])).toEqual([]);
  const many = Array.from({ length: limits.eventsPerFrame * 2 + 1 }, () => message(200));
  expect(packSends(many).map((frame) => decodeSends(frame).length)).toEqual([128, 128, 1]);
  expect(packSends(many).flatMap(decodeSends)).toEqual(many);
  const half = message(80_000);
  const long = [half, half, half, half];
  expect(packSends(long).map((frame) => decodeSends(frame).length)).toEqual([3, 1]);
  const huge = message(
    80_000,
    Array.from({ length: 60 }, () => limits.capsuleBytes),
  );
  const frames = packSends([half, huge, half]);
  expect(frames.map((frame) => decodeSends(frame).length)).toEqual([1, 1, 1]);
  expect(Math.max(...frames.map(({ length }) => length))).toBeGreaterThan(limits.packedChars);
});

const good = (): Uint8Array => only([message(200, [100], 1), message(201)]);

test.each<[string, (frame: Uint8Array, view: DataView) => Uint8Array | void]>([
  ["nothing", () => new Uint8Array()],
  ["another type", (frame) => void (frame[0] = 2)],
  ["no messages", (frame) => void frame.fill(0, 1, 3)],
  ["fewer messages than there are", (frame) => void (frame[2] = 1)],
  ["more messages than there are", (frame) => void (frame[2] = 3)],
  ["more messages than may be", (_frame, view) => view.setUint16(1, limits.eventsPerFrame + 1)],
  ["padding of the conversation's id", (frame) => void (frame[20] = 1)],
  ["padding of a message's id", (frame) => void (frame[frameHeadBytes + 16] = 1)],
  ["padding of a message's head", (frame) => void (frame[frameHeadBytes + 26] = 1)],
  ["padding of a list", (frame) => void (frame[frameHeadBytes + messageHeadBytes + 23] = 1)],
  ["padding of a capsule", (frame) => void (frame[frameHeadBytes + messageHeadBytes + 24 + 24 + 100] = 1)],
  ["a list's version 0", (_frame, view) => view.setUint32(frameHeadBytes + messageHeadBytes + 18, 0)],
  ["a capsule's device 0", (_frame, view) => view.setUint32(frameHeadBytes + messageHeadBytes + 24 + 18, 0)],
  ["a capsule too short", (_frame, view) => view.setUint16(frameHeadBytes + messageHeadBytes + 24 + 22, 63)],
  [
    "a capsule too long",
    (_frame, view) => view.setUint16(frameHeadBytes + messageHeadBytes + 46, limits.capsuleBytes + 1),
  ],
  ["a body too short", (_frame, view) => view.setUint32(frameHeadBytes + 22, 8)],
  ["a body too long", (_frame, view) => view.setUint32(frameHeadBytes + 22, limits.bodyBytes + 1)],
  [
    "more lists than may be",
    (_frame, view) => view.setUint16(frameHeadBytes + 18, limits.capsulesPerMessage + 1),
  ],
  [
    "more capsules than may be",
    (_frame, view) => view.setUint16(frameHeadBytes + 20, limits.capsulesPerMessage + 1),
  ],
  ["a byte too many", (frame) => new Uint8Array([...frame, 0])],
])("[WS4] a frame with %s holds no messages", (_name, spoil) => {
  const frame = good();
  const spoilt = spoil(frame, new DataView(frame.buffer)) ?? frame;
  expect(() => decodeSends(spoilt)).toThrow(EnvelopeError);
});

test("[WS4] a frame cut short anywhere holds no messages", () => {
  const frame = good();
  for (let length = 0; length < frame.length; length += 1) {
    expect(() => decodeSends(frame.subarray(0, length))).toThrow(EnvelopeError);
  }
});
