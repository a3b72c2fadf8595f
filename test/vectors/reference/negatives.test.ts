/** Every frozen vector that has to be refused is refused by the product with the named code, and by the second implementation. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parseSenderKeyMessage } from "#core/crypto/group/sender-key-message.ts";
import { openGroupBody } from "#core/crypto/group/group-body.ts";
import { extendGroupHistory } from "#core/crypto/group/group-history.ts";
import { acceptSenderKey } from "#core/crypto/group/sender-key.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { type Negative } from "../frozen-negatives.ts";
import { execute, newGroup, openBody, senderKeyOf } from "./groups.ts";
import { bytesOf, type Hex, hexOf, Refused } from "./primitives.ts";

const frozen = JSON.parse(
  readFileSync(path.join(import.meta.dirname, "../frozen/negatives.json"), "utf8"),
) as {
  devices: { accountId: Hex; deviceId: number; dsk: Hex }[];
  create: Hex;
  good: { operation: Hex; senderKey: Hex; body: Hex };
  operations: Negative[];
  bodies: Negative[];
  senderKeys: Negative[];
};

const dskOf = (accountId: string): Buffer =>
  bytesOf(frozen.devices.find((device) => device.accountId === accountId)?.dsk ?? "");
const accountB = bytesOf("62".repeat(16));

const history = extendGroupHistory(provider, undefined, [bytesOf(frozen.create)], (op) =>
  dskOf(hexOf(op.actorAccountId)),
);
const sender = { accountId: accountB, deviceId: 1 };
const keys = acceptSenderKey(
  provider,
  history,
  sender,
  undefined,
  parseSenderKeyMessage(bytesOf(frozen.good.senderKey)),
);

const product = {
  operation: (bytes: Buffer): unknown =>
    extendGroupHistory(provider, history, [bytes], (op) => dskOf(hexOf(op.actorAccountId))),
  body: (bytes: Buffer): unknown =>
    openGroupBody(provider, history, { sender, logEpoch: 1, nowMs: 0 }, keys, bytes),
  senderKey: (bytes: Buffer): unknown => parseSenderKeyMessage(bytes),
};

const reference = {
  operation(bytes: Buffer): void {
    const group = newGroup();
    execute(group, bytesOf(frozen.create), dskOf);
    execute(group, bytes, dskOf);
  },
  body: (bytes: Buffer): unknown =>
    openBody(bytes, bytesOf(frozen.good.senderKey), { account: accountB, device: 1 }),
  senderKey: (bytes: Buffer): unknown => senderKeyOf(bytes),
};

describe.each([
  ["operation", frozen.operations],
  ["body", frozen.bodies],
  ["senderKey", frozen.senderKeys],
] as const)("%s", (layout, negatives) => {
  test("the good one is taken by both", () => {
    const good = bytesOf(frozen.good[layout]);
    expect(() => product[layout](good)).not.toThrow();
    expect(() => reference[layout](good)).not.toThrow();
  });

  test.each(negatives)("$code: $rule", ({ code, bytes }) => {
    expect(() => product[layout](bytesOf(bytes))).toThrow(expect.objectContaining({ code }));
    expect(() => reference[layout](bytesOf(bytes))).toThrow(Refused);
  });
});
