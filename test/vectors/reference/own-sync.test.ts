/** The frozen messages between own devices, read by the second implementation from CRYPTO 2.5 and decision 131. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { cbor, read, unpadded } from "./layouts.ts";
import { bytesOf, type Hex, hexOf, labelled, open, Refused, refuseUnless, sha256 } from "./primitives.ts";

const frozen = JSON.parse(
  readFileSync(path.join(import.meta.dirname, "../frozen/own-sync.json"), "utf8"),
) as {
  from: { accountId: Hex; deviceId: number };
  drafts: { id: string; changedAtMs: number; deviceId: number; value: string }[];
  verified: Hex;
  capsule: Hex;
  envelope: Hex;
};

function itemsOf(envelope: Buffer, capsule: Buffer, from: typeof frozen.from): unknown {
  const outer = read(envelope, [
    ["version", "u8"],
    ["type", "u8"],
    ["length", "u16"],
    ["capsule", { of: "length" }],
    ["nonce", 24],
  ]);
  refuseUnless(outer.numbers["version"] === 1 && outer.numbers["type"] === 0x50, "version or type");
  const inner = read(capsule, [
    ["kind", "u8"],
    ["gossip", 40],
    ["sync", "u8"],
    ["key", 32],
    ["hash", 32],
  ]);
  refuseUnless(inner.numbers["kind"] === 6 && inner.numbers["sync"] === 3, "kind");
  const nonce = outer.bytes["nonce"]!;
  const isNamed = sha256(nonce, outer.rest).equals(inner.bytes["hash"]!);
  refuseUnless(isNamed, "not what the capsule names");
  const device = Buffer.alloc(4);
  device.writeUInt32BE(from.deviceId);
  const ad = Buffer.concat([labelled("sync"), bytesOf(from.accountId), device]);
  return cbor(unpadded(open(inner.bytes["key"]!, nonce, outer.rest, ad)));
}

test("own-sync.json: the capsule's key opens the items, of the device that sealed them", () => {
  const [envelope, capsule] = [bytesOf(frozen.envelope), bytesOf(frozen.capsule)];
  const items = itemsOf(envelope, capsule, frozen.from) as [string, string, number, number, unknown][];
  const drafts = items.filter(([type]) => type === "draft");
  expect(
    drafts.map(([, id, changedAtMs, deviceId, value]) => ({ id, changedAtMs, deviceId, value })),
  ).toEqual(frozen.drafts);
  const verified = items.find(([type]) => type === "verified");
  expect(hexOf(verified?.[4] as Buffer)).toBe(frozen.verified);
  const changed = Buffer.from(envelope);
  changed[changed.length - 1]! ^= 1;
  expect(() => itemsOf(changed, capsule, frozen.from)).toThrow(Refused);
  expect(() => itemsOf(envelope, capsule, { ...frozen.from, deviceId: 4 })).toThrow(Refused);
});
