/** Keys of earlier messages for a new member, frozen, read by the second implementation from CRYPTO 2.5, 2.13 and decision 140. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { read, readAll, unpadded } from "./layouts.ts";
import { bytesOf, type Hex, hexOf, labelled, open, Refused, refuseUnless, sha256 } from "./primitives.ts";

const frozen = JSON.parse(
  readFileSync(path.join(import.meta.dirname, "../frozen/shared-history.json"), "utf8"),
) as {
  from: { accountId: Hex; deviceId: number };
  history: { fromSeq: number; messages: number };
  change: Hex;
  keys: { seq: number; sender: string; sentAtMs: number; bodyKey: Hex; bodyHash: Hex }[];
  capsule: Hex;
  envelope: Hex;
};

function keysOf(envelope: Buffer, capsule: Buffer, from: typeof frozen.from): unknown {
  const outer = read(envelope, [
    ["version", "u8"],
    ["type", "u8"],
    ["length", "u16"],
    ["capsule", { of: "length" }],
    ["nonce", 24],
  ]);
  refuseUnless(outer.numbers["version"] === 1 && outer.numbers["type"] === 0x51, "version or type");
  const inner = read(capsule, [
    ["kind", "u8"],
    ["gossip", 40],
    ["key", 32],
    ["hash", 32],
  ]);
  refuseUnless(inner.numbers["kind"] === 7, "kind");
  const nonce = outer.bytes["nonce"]!;
  refuseUnless(sha256(nonce, outer.rest).equals(inner.bytes["hash"]!), "not what the capsule names");
  const device = Buffer.alloc(4);
  device.writeUInt32BE(from.deviceId);
  const ad = Buffer.concat([labelled("history"), bytesOf(from.accountId), device]);
  const head = read(unpadded(open(inner.bytes["key"]!, nonce, outer.rest, ad)), [
    ["conversation", 16],
    ["accounts", "u16"],
  ]);
  const accounts = Array.from({ length: head.numbers["accounts"]! }, (_, at) =>
    hexOf(head.rest.subarray(16 * at, 16 * at + 16)),
  );
  const list = read(head.rest.subarray(16 * accounts.length), [["count", "u32"]]);
  refuseUnless(list.rest.length === 87 * list.numbers["count"]!, "length");
  return Array.from({ length: list.numbers["count"]! }, (_, at) => {
    const { numbers, bytes } = read(list.rest.subarray(87 * at), [
      ["seq", "u64"],
      ["account", "u16"],
      ["device", "u32"],
      ["sentAtMs", "u64"],
      ["bodyType", "u8"],
      ["key", 32],
      ["hash", 32],
    ]);
    refuseUnless(numbers["bodyType"] === 0x30, "body type");
    return {
      seq: numbers["seq"],
      sender: `${accounts[numbers["account"]!]}.${numbers["device"]}`,
      sentAtMs: numbers["sentAtMs"],
      bodyKey: hexOf(bytes["key"]!),
      bodyHash: hexOf(bytes["hash"]!),
    };
  });
}

test("shared-history.json: the capsule's key opens the keys, of the device that sealed them", () => {
  const [envelope, capsule] = [bytesOf(frozen.envelope), bytesOf(frozen.capsule)];
  expect(keysOf(envelope, capsule, frozen.from)).toEqual(frozen.keys);
  const changed = Buffer.from(envelope);
  changed[changed.length - 1]! ^= 1;
  expect(() => keysOf(changed, capsule, frozen.from)).toThrow(Refused);
  expect(() => keysOf(envelope, capsule, { ...frozen.from, deviceId: 4 })).toThrow(Refused);
});

test("shared-history.json: the operation says from where, and how many", () => {
  const { numbers } = readAll(bytesOf(frozen.change), [
    ["count", "u16"],
    ["account", 16],
    ["role", "u8"],
    ["fromSeq", "u64"],
    ["messages", "u32"],
  ]);
  expect({ fromSeq: numbers["fromSeq"], messages: numbers["messages"] }).toEqual(frozen.history);
});
