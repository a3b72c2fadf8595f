/** The frozen backup, read by the second implementation from CRYPTO 2.13 and decision 090. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { checkCert } from "./accounts.ts";
import { type Field, read, readAll } from "./layouts.ts";
import {
  bytesOf,
  type Hex,
  hexOf,
  hkdf,
  isSigned,
  labelled,
  open,
  Refused,
  refuseUnless,
  sha256,
} from "./primitives.ts";

const frozen = JSON.parse(readFileSync(path.join(import.meta.dirname, "../frozen/backup.json"), "utf8")) as {
  cert: Hex;
  backupRoot: Hex;
  conversationKeys: Hex[];
  segmentId: Hex;
  segment: Hex;
  manifest: Hex;
  manifestHash: Hex;
};
const root = bytesOf(frozen.backupRoot);
const accountId = Buffer.alloc(16, 0xa1);
const device = Buffer.from([0, 0, 0, 3]);

/** `table` as often as `count` says, and what follows. */
function readMany(bytes: Buffer, count: number, table: readonly Field[]) {
  const items = [];
  let rest = bytes;
  for (let index = 0; index < count; index += 1) {
    const item = read(rest, table);
    items.push(item);
    rest = item.rest;
  }
  return { items, rest };
}

function openSegment(sealed: Buffer): { conversation: Hex; positions: number[] }[] {
  const head = read(sealed, [
    ["version", "u8"],
    ["id", 16],
    ["nonce", 24],
  ]);
  refuseUnless(head.numbers["version"] === 1, "version");
  const id = head.bytes["id"]!;
  const key = hkdf(Buffer.alloc(0), root, Buffer.concat([labelled("bseg"), id]), 32);
  let rest = open(key, head.bytes["nonce"]!, head.rest, Buffer.concat([labelled("bseg-ad"), accountId, id]));
  const found = [];
  while (rest.length > 0) {
    const block = read(rest, [
      ["kind", "u8"],
      ["length", "u32"],
      ["block", { of: "length" }],
    ]);
    rest = block.rest;
    expect(block.numbers["kind"]).toBe(1);
    found.push(readKeys(block.bytes["block"]!));
  }
  return found;
}

function readKeys(block: Buffer): { conversation: Hex; positions: number[] } {
  const head = read(block, [
    ["conversation", 16],
    ["accounts", "u16"],
  ]);
  const accounts = readMany(head.rest, head.numbers["accounts"]!, [["account", 16]]);
  const { numbers, rest } = read(accounts.rest, [["count", "u32"]]);
  const { items, rest: after } = readMany(rest, numbers["count"]!, [
    ["seq", "u64"],
    ["account", "u16"],
    ["device", "u32"],
    ["sentAt", "u64"],
    ["bodyType", "u8"],
    ["key", 32],
    ["hash", 32],
  ]);
  refuseUnless(after.length === 0, "trailing bytes");
  for (const { numbers: entry, bytes } of items) {
    const sender = accounts.items[entry["account"]!]!.bytes["account"]!;
    expect([entry["bodyType"], entry["device"]]).toEqual([0x20, sender[0]]);
    expect([bytes["key"]![0], bytes["hash"]![0]]).toEqual([entry["seq"], 0x80 + entry["seq"]!]);
  }
  const positions = items.map((entry) => entry.numbers["seq"]!);
  return { conversation: hexOf(head.bytes["conversation"]!), positions };
}

function openManifest(sealed: Buffer) {
  const head = read(sealed, [
    ["version", "u8"],
    ["nonce", 24],
  ]);
  refuseUnless(head.numbers["version"] === 1, "version");
  const address = Buffer.concat([accountId, device]);
  const key = hkdf(Buffer.alloc(0), root, Buffer.concat([labelled("bman"), address]), 32);
  const plaintext = open(key, head.bytes["nonce"]!, head.rest, Buffer.concat([labelled("bman-ad"), address]));
  const { bytes: cert } = checkCert(plaintext.subarray(0, 266));
  const signed = Buffer.concat([labelled("bman-sig"), plaintext.subarray(0, -64)]);
  refuseUnless(isSigned(cert["dsk"]!, signed, plaintext.subarray(-64)), "signature");
  const fixed = read(plaintext.subarray(266, -64), [
    ["number", "u64"],
    ["prevHash", 32],
    ["writtenAt", "u64"],
    ["witnessed", "u8"],
  ]);
  const witnessed = readMany(fixed.rest, fixed.numbers["witnessed"]!, [
    ["device", "u32"],
    ["number", "u64"],
    ["hash", 32],
  ]);
  const { numbers, rest } = read(witnessed.rest, [["segments", "u32"]]);
  expect(numbers["segments"]).toBe(1);
  const segment = read(rest, [
    ["id", 16],
    ["hash", 32],
    ["entries", "u32"],
    ["ranges", "u16"],
  ]);
  const ranges = readMany(segment.rest, segment.numbers["ranges"]!, [
    ["tag", 8],
    ["from", "u64"],
    ["to", "u64"],
  ]);
  readAll(ranges.rest, []);
  return { number: fixed.numbers["number"], witnessed: witnessed.items, segment, ranges: ranges.items };
}

test("backup.json: the segment opens under its own key, and holds the keys of two conversations", () => {
  expect(openSegment(bytesOf(frozen.segment))).toEqual([
    { conversation: "31".repeat(16), positions: [1, 2, 5] },
    { conversation: "32".repeat(16), positions: [7] },
  ]);
  expect(frozen.conversationKeys.map((keys) => readKeys(bytesOf(keys)).positions)).toEqual([[1, 2, 5], [7]]);
  const flipped = bytesOf(frozen.segment);
  flipped[60]! ^= 1;
  expect(() => openSegment(flipped)).toThrow(Refused);
});

test("backup.json: the manifest is signed by a certified device, and names the segment by hash", () => {
  const sealed = bytesOf(frozen.manifest);
  const { number, witnessed, segment, ranges } = openManifest(sealed);
  expect(number).toBe(2);
  expect(witnessed.map(({ numbers }) => numbers)).toEqual([{ device: 1, number: 4 }]);
  expect(hexOf(segment.bytes["id"]!)).toBe(frozen.segmentId);
  expect(segment.bytes["hash"]).toEqual(sha256(bytesOf(frozen.segment)));
  expect(ranges.map(({ numbers, bytes }) => [hexOf(bytes["tag"]!), numbers])).toEqual([
    ["31".repeat(8), { from: 1, to: 5 }],
    ["32".repeat(8), { from: 7, to: 7 }],
  ]);
  expect(hexOf(sha256(labelled("bman-hash"), sealed))).toBe(frozen.manifestHash);
  const flipped = Buffer.from(sealed);
  flipped[60]! ^= 1;
  expect(() => openManifest(flipped)).toThrow(Refused);
});
