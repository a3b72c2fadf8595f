/**
 * The byte layouts of suite 1, frozen: a second implementation can be written against these files. They are only ever added to: a
 * missing file is written when FREEZE_VECTORS=1 is set, an existing one never.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { openBody } from "#core/crypto/body.ts";
import { parseCapsule } from "#core/crypto/capsule.ts";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { frozenCases } from "./frozen-cases.ts";
import { fromHex } from "./wycheproof-files.ts";

const folder = path.join(import.meta.dirname, "frozen");

test.each(Object.keys(frozenCases))("frozen/%s is what the code makes today", async (file) => {
  const made: unknown = JSON.parse(JSON.stringify(await frozenCases[file]?.()));
  const at = path.join(folder, file);
  if (!existsSync(at) && process.env["FREEZE_VECTORS"] === "1") {
    writeFileSync(at, `${JSON.stringify(made, null, 2)}\n`);
  }
  expect(JSON.parse(readFileSync(at, "utf8"))).toEqual(made);
});

interface FrozenBodies {
  readonly sender: { readonly accountId: string; readonly deviceId: number };
  readonly bodies: readonly { readonly text: string; readonly body: string; readonly capsule: string }[];
}

test("frozen bodies open with their frozen capsules", () => {
  const frozen = JSON.parse(readFileSync(path.join(folder, "bodies.json"), "utf8")) as FrozenBodies;
  const sender = { accountId: fromHex(frozen.sender.accountId), deviceId: frozen.sender.deviceId };
  for (const { text, body, capsule } of frozen.bodies) {
    const { payload } = parseCapsule(fromHex(capsule));
    if (payload.kind !== "bodyKey") expect.unreachable();
    expect(openBody(nobleProvider, fromHex(body), payload, sender).payload).toMatchObject({
      type: "text",
      text,
    });
  }
});

test("the frozen ratchet transcript contains loss, late messages and PQ steps of both sides", () => {
  const { messages } = JSON.parse(readFileSync(path.join(folder, "ratchet.json"), "utf8")) as {
    messages: { from: string; fate: string; envelope: string }[];
  };
  expect(messages.length).toBe(40);
  const large = messages.filter(({ envelope }) => envelope.length / 2 > 1000).map(({ from }) => from);
  expect(new Set(large)).toEqual(new Set(["initiator", "responder"]));
  expect(new Set(messages.map(({ fate }) => fate))).toEqual(new Set(["delivered", "lost", "late"]));
});
