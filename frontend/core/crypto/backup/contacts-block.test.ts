import { expect, test } from "vitest";
import { concat } from "#schema/envelope/bytes.ts";
import type { HandedPin } from "../link/handed-pin.ts";
import { nobleProvider as provider } from "../noble-provider.ts";
import { encodeSyncItems } from "../sync.ts";
import type { SyncItem } from "../sync-item.ts";
import { contactsMax, contactsMaxBytes, encodeContacts, parseContacts } from "./contacts-block.ts";
import { openSegment, sealSegment } from "./segment.ts";

const fill = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);
const malformed = expect.objectContaining({ name: "CryptoError", code: "MALFORMED" });

const pin: HandedPin = {
  accountId: fill(16, 1),
  aik: fill(32, 2),
  version: 0xffff_ffff,
  hash: fill(32, 3),
  mark: "held",
};
const mark: SyncItem = {
  type: "verified",
  id: "b".repeat(22),
  changedAtMs: 2 ** 51,
  deviceId: 0xffff_ffff,
  value: fill(32, 2),
};
const pins = Array.from({ length: contactsMax }, () => pin);
const marks = Array.from({ length: contactsMax }, () => mark);

test("pins and marks come out as they went in, the most of them within the room that segments leave", () => {
  for (const contacts of [
    { pins, marks },
    { pins: [], marks: [] },
    { pins: [pin], marks: [{ ...mark, value: fill(0, 0) }] },
  ]) {
    const block = encodeContacts(contacts);
    expect(parseContacts(block)).toEqual(contacts);
    expect(block.length).toBeLessThanOrEqual(contactsMaxBytes);
  }
  const [address, root] = [{ accountId: fill(16, 1), segmentId: fill(16, 2) }, fill(32, 7)];
  const sealed = sealSegment(provider, root, address, [], { pins: [pin], marks: [mark] });
  expect(openSegment(provider, root, address, sealed)).toEqual({
    keys: [],
    contacts: { pins: [pin], marks: [mark] },
  });
});

test("more than a hundred have no spelling", () => {
  expect(() => encodeContacts({ pins: [...pins, pin], marks: [] })).toThrow(RangeError);
  expect(() => encodeContacts({ pins: [], marks: [...marks, mark] })).toThrow(RangeError);
});

const block = encodeContacts({ pins: [pin], marks: [mark] });
test.each<[string, Uint8Array]>([
  ["nothing", fill(0, 0)],
  ["a count above what follows", Uint8Array.from(block).fill(2, 1, 2)],
  ["a count of 101", concat(Uint8Array.of(0, 101), fill(101 * 85, 0), Uint8Array.of(0x80))],
  ["a mark of no kind", Uint8Array.from(block).fill(3, 2 + 84, 2 + 85)],
  ["no list of marks", block.subarray(0, 2 + 85)],
  ["101 marks", concat(Uint8Array.of(0, 0), encodeSyncItems([...marks, mark]))],
  ["trailing bytes", concat(block, fill(1, 0))],
])("MALFORMED: %s", (_, wrong) => {
  expect(() => parseContacts(wrong)).toThrow(malformed);
});
