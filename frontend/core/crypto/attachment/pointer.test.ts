import { expect, test } from "vitest";
import { code } from "#test/support/crypto/expect-refused.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../cbor.ts";
import { encodeContent, parseContent } from "../content.ts";
import {
  type AttachmentPointer,
  encodePointer,
  nameMaxChars,
  parsePointer,
  previewMaxBytes,
} from "./pointer.ts";

const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

const pointer: AttachmentPointer = {
  attachmentId: fill(16, 1),
  fileKey: fill(32, 2),
  sizeBytes: 70_000,
  blobBytes: 56 + 71_680 + 32,
  blobHash: fill(32, 3),
  name: "",
  mime: "image/svg+xml",
};
const full = {
  ...pointer,
  name: "holiday.svg",
  width: 800,
  height: 600,
  preview: fill(previewMaxBytes, 6),
  durationMs: 1_500,
  waveform: fill(64, 7),
};

test.each([pointer, full, { ...pointer, waveform: fill(0, 0) }])("a pointer, and back", (each) => {
  expect(parsePointer(decodeCbor(encodeCbor(encodePointer(each))))).toEqual(each);
});

test("a pointer of a newer client keeps what is known", () => {
  const newer = new Map<string, CborValue>([...encodePointer(pointer), ["zz", 1]]);
  expect(parsePointer(newer)).toEqual(pointer);
});

test.each<[string, object]>([
  ["a size that the blob cannot have", { sizeBytes: 69_000 }],
  ["a negative size", { sizeBytes: -1 }],
  ["a fraction", { sizeBytes: 1.5 }],
  ["a short key", { fileKey: fill(31, 1) }],
  ["a short hash", { blobHash: fill(31, 1) }],
  ["a media type of 128 letters", { mime: "x".repeat(128) }],
  ["a name of 256 letters", { name: "x".repeat(nameMaxChars + 1) }],
  ["65,536 pixels", { width: 65_536, height: 1 }],
  ["no pixels", { width: 1, height: 0 }],
  ["a preview above 2 KiB", { preview: fill(previewMaxBytes + 1, 1) }],
  ["more than a week", { durationMs: 7 * 86_400_000 + 1 }],
  ["a long waveform", { waveform: fill(129, 1) }],
])("[ATTACK 60] MALFORMED pointer: %s", (_, wrong) => {
  expect(() => encodePointer({ ...pointer, ...wrong })).toThrow(code("MALFORMED"));
});

test("MALFORMED: something else than a map, or without a field", () => {
  expect(() => parsePointer(1)).toThrow(code("MALFORMED"));
  for (const key of encodePointer(pointer).keys()) {
    const rest = new Map([...encodePointer(pointer)].filter(([name]) => name !== key));
    expect(() => parsePointer(rest)).toThrow(code("MALFORMED"));
  }
});

const content = {
  conversationId: fill(16, 1),
  clientMsgId: fill(16, 2),
  senderAccountId: fill(16, 3),
  senderDeviceId: 4,
  sentAtMs: 5,
  payload: { type: "text" as const, text: "" },
};

const attachmentsOf = (attachments: AttachmentPointer[]) => ({
  type: "attachments" as const,
  text: "",
  attachments,
});

test("content with attachments and an epoch, and back", () => {
  const rich = { ...content, groupEpoch: 6, payload: attachmentsOf([pointer, full]) };
  expect(parseContent(encodeContent(rich))).toEqual(rich);
});

test("content with no or more than 10 attachments is neither written nor read", () => {
  const withAttachments = (count: number) => ({
    ...content,
    payload: attachmentsOf(Array.from({ length: count }, () => pointer)),
  });
  expect(() => encodeContent(withAttachments(0))).toThrow(RangeError);
  expect(() => encodeContent(withAttachments(11))).toThrow(RangeError);
  const map = decodeCbor(encodeContent(withAttachments(1)));
  if (!(map instanceof Map)) expect.unreachable();
  for (const wrong of [[], Array.from({ length: 11 }, () => encodePointer(pointer)), 1]) {
    expect(() => parseContent(encodeCbor(new Map([...map, ["f", wrong]])))).toThrow(code("MALFORMED"));
  }
});
