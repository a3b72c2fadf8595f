/** Pins and marks in the backup, frozen, read by the second implementation from CRYPTO 2.13 and decision 141. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { cbor, read, readAll } from "./layouts.ts";
import { bytesOf, type Hex, hexOf, hkdf, labelled, open, refuseUnless } from "./primitives.ts";

const frozen = JSON.parse(
  readFileSync(path.join(import.meta.dirname, "../frozen/backup-contacts.json"), "utf8"),
) as {
  accountId: Hex;
  backupRoot: Hex;
  pins: object[];
  marks: object[];
  block: Hex;
  segmentId: Hex;
  segment: Hex;
};

test("backup-contacts.json: the segment opens to one block of kind 2", () => {
  const [root, id] = [bytesOf(frozen.backupRoot), bytesOf(frozen.segmentId)];
  const head = read(bytesOf(frozen.segment), [
    ["version", "u8"],
    ["id", 16],
    ["nonce", 24],
  ]);
  refuseUnless(head.numbers["version"] === 1, "version");
  const key = hkdf(Buffer.alloc(0), root, Buffer.concat([labelled("bseg"), id]), 32);
  const ad = Buffer.concat([labelled("bseg-ad"), bytesOf(frozen.accountId), id]);
  const plaintext = open(key, head.bytes["nonce"]!, head.rest, ad);
  const { numbers, bytes } = readAll(plaintext, [
    ["kind", "u8"],
    ["length", "u32"],
    ["block", { of: "length" }],
  ]);
  expect([numbers["kind"], hexOf(bytes["block"]!)]).toEqual([2, frozen.block]);
});

test("backup-contacts.json: pins and marks as they were", () => {
  const { numbers, rest } = read(bytesOf(frozen.block), [["count", "u16"]]);
  const pinBytes = 85;
  const pins = Array.from({ length: numbers["count"]! }, (_, at) => {
    const pin = readAll(rest.subarray(pinBytes * at, pinBytes * (at + 1)), [
      ["account", 16],
      ["aik", 32],
      ["version", "u32"],
      ["hash", 32],
      ["marks", "u8"],
    ]);
    return {
      account: hexOf(pin.bytes["account"]!),
      aik: hexOf(pin.bytes["aik"]!),
      version: pin.numbers["version"],
      hash: hexOf(pin.bytes["hash"]!),
      mark: ["none", "verified", "held"][pin.numbers["marks"]!],
    };
  });
  expect(pins).toEqual(frozen.pins);
  const items = cbor(rest.subarray(pinBytes * pins.length)) as [string, string, number, number, Buffer][];
  const marks = items.map(([type, id, changedAtMs, deviceId, value]) => {
    return { type, id, changedAtMs, deviceId, value: hexOf(value) };
  });
  expect(marks).toEqual(frozen.marks);
});
