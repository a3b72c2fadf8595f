/** Invite links, read by the second implementation; what has to be refused is refused by both. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { extendGroupHistory } from "#core/crypto/group/group-history.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { type Negative } from "../frozen-negatives.ts";
import { execute, newGroup, openInvite, openSettings } from "./groups.ts";
import { bytesOf, type Hex, hexOf, hkdf, labelled, publicOf, Refused } from "./primitives.ts";

const frozen = JSON.parse(readFileSync(path.join(import.meta.dirname, "../frozen/invites.json"), "utf8")) as {
  devices: { accountId: Hex; dsk: Hex }[];
  settingsKey: Hex;
  settings: Hex;
  links: { secret: Hex; publicKey: Hex; code: string; payload: Hex }[];
  groupId: string;
  operations: Hex[];
  members: { accountId: Hex; joinedEpoch: number }[];
  refused: Negative[];
};

const dskOf = (accountId: string): Buffer =>
  bytesOf(frozen.devices.find((device) => device.accountId === accountId)?.dsk ?? "");
const groupId = Buffer.from(frozen.groupId, "base64url");

function replay() {
  const group = newGroup();
  for (const operation of frozen.operations) execute(group, bytesOf(operation), dskOf);
  return group;
}

test("every operation executes; who joined is in, who was removed is not", () => {
  const { members, inviteOver } = replay();
  const found = [...members].map(([accountId, { joined }]) => ({ accountId, joinedEpoch: joined }));
  expect(found.sort((a, b) => (a.accountId < b.accountId ? -1 : 1))).toEqual(frozen.members);
  expect(inviteOver).toBe(false);
});

test("a link says its group and its secret, from which its key comes", () => {
  for (const { secret, publicKey, code } of frozen.links) {
    expect(Buffer.from(code, "base64url")).toEqual(Buffer.concat([Buffer.of(1), groupId, bytesOf(secret)]));
    const seed = hkdf(Buffer.alloc(0), bytesOf(secret), labelled("group-invite"), 32);
    expect(hexOf(publicOf("ed25519", seed))).toBe(publicKey);
  }
});

test("members open the secret, who has the link opens the settings key, and with it the name", () => {
  for (const { secret, payload } of frozen.links) {
    const settingsKey = bytesOf(frozen.settingsKey);
    expect(hexOf(openInvite(bytesOf(payload), groupId, { settingsKey }))).toBe(secret);
    const opened = openInvite(bytesOf(payload), groupId, { secret: bytesOf(secret) });
    expect(hexOf(opened)).toBe(`00000002${frozen.settingsKey}`);
    expect(openSettings(bytesOf(frozen.settings), opened.subarray(4), 2)).toEqual({ v: 1, n: "Open door" });
  }
});

test.each(frozen.refused)("$code: $rule", ({ code, bytes }) => {
  const signer = (op: { actorAccountId: Uint8Array }): Buffer => dskOf(hexOf(op.actorAccountId));
  const operations = frozen.operations.map(bytesOf);
  const history = extendGroupHistory(provider, undefined, operations, signer);
  expect(() => extendGroupHistory(provider, history, [bytesOf(bytes)], signer)).toThrow(
    expect.objectContaining({ code }),
  );
  expect(() => execute(replay(), bytesOf(bytes), dskOf)).toThrow(Refused);
});
