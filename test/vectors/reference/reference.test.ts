/**
 * The frozen files, read by a second implementation that shares no code with the product: `node:crypto`, HChaCha20 in plain arithmetic,
 * and parsers written from CRYPTO 2 and decision 070. What it does not cover (handshake, ratchet, Argon2id) was checked once in Python, see
 * the README of this folder's parent.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { execute, newGroup, openBody, openSettings, senderKeyOf } from "./groups.ts";
import { cbor, readAll } from "./layouts.ts";
import { sealBlob } from "./seal-blob.ts";
import { bytesOf, type Hex, hexOf, labelled, publicOf, sha256 } from "./primitives.ts";
import {
  checkReport,
  digits,
  fingerprint,
  hashOf,
  hpke,
  linkCode,
  openBlob,
  openReport,
  openUnderPsk,
} from "./transfers.ts";

function frozen(file: string): unknown {
  return JSON.parse(readFileSync(path.join(import.meta.dirname, "../frozen", file), "utf8"));
}

interface Groups {
  readonly devices: readonly { accountId: Hex; dsk: Hex; dskSeed: Hex }[];
  readonly operations: readonly { type: string; epoch: number; stateHash: Hex; operation: Hex }[];
  readonly finalState: {
    members: { accountId: Hex; role: string; joinedEpoch: number }[];
    rotationEpoch: number;
    opHash: Hex;
  };
  readonly settings: { key: Hex; keyEpoch: number; sealed: Hex; name: string; description: string };
  readonly senderKeys: readonly { message: Hex; capsule: Hex }[];
  readonly bodies: readonly {
    sender: { accountId: Hex; deviceId: number };
    stateHash: Hex;
    number: number;
    clientMsgId: Hex;
    sentAtMs: number;
    text: string;
    body: Hex;
    bodyKey: Hex;
    bodyHash: Hex;
  }[];
  readonly keyEntry: Hex;
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);

describe("groups.json", () => {
  const groups = frozen("groups.json") as Groups;
  const dskOf = (account: string): Buffer => {
    const device = groups.devices.find(({ accountId }) => accountId === account);
    return bytesOf(device?.dsk ?? "");
  };

  test("device keys belong to their seeds", () => {
    for (const { dsk, dskSeed } of groups.devices)
      expect(hexOf(publicOf("ed25519", bytesOf(dskSeed)))).toBe(dsk);
  });

  test("every operation executes to the state it names; all nine kinds are there", () => {
    const group = newGroup();
    const roles = ["", "member", "admin", "owner"];
    for (const { operation } of groups.operations) execute(group, bytesOf(operation), dskOf);
    expect(new Set(groups.operations.map(({ type }) => type)).size).toBe(9);
    expect(group.dissolved).toBe(true);
    expect({
      members: [...group.members].sort(byKey).map(([accountId, { role, joined }]) => ({
        accountId,
        role: roles[role],
        joinedEpoch: joined,
      })),
      rotationEpoch: group.rotation,
      opHash: hexOf(group.opHash),
    }).toEqual(groups.finalState);
  });

  test("settings open", () => {
    const { key, keyEpoch, sealed, name, description } = groups.settings;
    expect(openSettings(bytesOf(sealed), bytesOf(key), keyEpoch)).toEqual({ v: 1, n: name, d: description });
  });

  test("every body opens from the first sender key, with signature, commitment and binding", () => {
    const first = bytesOf(groups.senderKeys[0]!.message);
    for (const frozenBody of groups.bodies) {
      const sender = { account: bytesOf(frozenBody.sender.accountId), device: frozenBody.sender.deviceId };
      const body = bytesOf(frozenBody.body);
      const { content, bodyKey } = openBody(body, first, sender);
      expect([hexOf(bodyKey), hexOf(sha256(body))]).toEqual([frozenBody.bodyKey, frozenBody.bodyHash]);
      expect(content).toEqual({
        v: 1,
        t: "text",
        c: senderKeyOf(first).parts["groupId"],
        m: bytesOf(frozenBody.clientMsgId),
        a: sender.account,
        d: sender.device,
        s: frozenBody.sentAtMs,
        g: 8,
        x: frozenBody.text,
      });
    }
  });

  test("sender keys and their capsules", () => {
    groups.senderKeys.forEach(({ message, capsule }, index) => {
      expect(senderKeyOf(bytesOf(message)).numbers["number"]).toBe(index);
      const bytes = bytesOf(capsule);
      expect([bytes.length, bytes[0], hexOf(bytes.subarray(41, 206))]).toEqual([256, 3, message]);
      expect(bytes.subarray(206).every((byte) => byte === 0)).toBe(true);
    });
  });

  test("the key entry", () => {
    const table = [
      ["version", "u8"],
      ["type", "u8"],
      ["groupId", 16],
      ["clientMsgId", 16],
      ["keyId", 8],
    ] as const;
    const { numbers, bytes } = readAll(bytesOf(groups.keyEntry), table);
    const key = senderKeyOf(bytesOf(groups.senderKeys[0]!.message)).parts;
    expect(numbers).toEqual({ version: 1, type: 0x31 });
    expect([bytes["groupId"], bytes["keyId"]]).toEqual([key["groupId"], key["keyId"]]);
  });
});

test("attachments.json: heads, tails and hashes are those of blobs that open", () => {
  const { files } = frozen("attachments.json") as {
    files: {
      conversationId: Hex;
      attachmentId: Hex;
      fileKey: Hex;
      salt: Hex;
      sizeBytes: number;
      blobBytes: number;
      blobHash: Hex;
      head: Hex;
      tail: Hex;
      content: Hex;
    }[];
  };
  for (const file of files) {
    const address = {
      conversationId: bytesOf(file.conversationId),
      attachmentId: bytesOf(file.attachmentId),
    };
    const plaintext = Buffer.from(
      Uint8Array.from({ length: file.sizeBytes }, (_, at) => (at * 31 + (at >> 8)) & 255),
    );
    const blob = sealBlob(plaintext, bytesOf(file.fileKey), bytesOf(file.salt), address);
    expect({
      head: hexOf(blob.subarray(0, 56)),
      tail: hexOf(blob.subarray(-32)),
      blobHash: hashOf(blob),
      blobBytes: blob.length,
    }).toEqual({ head: file.head, tail: file.tail, blobHash: file.blobHash, blobBytes: file.blobBytes });
    const opened = openBlob(blob, bytesOf(file.fileKey), address, file.sizeBytes);
    expect(hashOf(opened)).toBe(hashOf(plaintext));
    const content = cbor(bytesOf(file.content)) as { f: { [key: string]: unknown }[] };
    expect(content.f[0]).toMatchObject({
      i: address.attachmentId,
      k: bytesOf(file.fileKey),
      n: file.sizeBytes,
      b: file.blobBytes,
      h: bytesOf(file.blobHash),
      f: "photo.webp",
      t: "image/webp",
    });
  }
});

test("safety-numbers.json", () => {
  const { identities, ...expected } = frozen("safety-numbers.json") as {
    identities: { accountId: Hex; aik: Hex }[];
    digits: string;
    qrPayloads: Hex[];
  };
  const prints = identities.map(({ accountId, aik }) =>
    fingerprint(Buffer.concat([Buffer.from([0x10]), bytesOf(aik)]), bytesOf(accountId), 5200),
  );
  const [own, other] = prints.map((print) => hexOf(print.subarray(0, 32)));
  expect({
    digits: prints.map(digits).sort().join(""),
    qrPayloads: [`081012220a20${own}1a220a20${other}`, `081012220a20${other}1a220a20${own}`],
  }).toEqual(expected);
});

test("link.json: request, offer, proof and grant open from the code", () => {
  const link = frozen("link.json") as {
    code: string;
    ephemeralSecret: Hex;
    request: { dsk: Hex; dik: Hex; name: string; sealed: Hex };
    offer: Hex;
    proof: Hex;
    grant: Hex;
    emoji: string[];
  };
  const code = linkCode(link.code);
  expect(hexOf(publicOf("x25519", bytesOf(link.ephemeralSecret)))).toBe(hexOf(code.ephemeral));
  const sealedRequest = bytesOf(link.request.sealed);
  const request = openUnderPsk(sealedRequest, code);
  expect(hexOf(request)).toBe(
    `01${link.request.dsk}${link.request.dik}${hexOf(Buffer.from(link.request.name))}`,
  );
  expect(hexOf(openUnderPsk(bytesOf(link.proof), code))).toBe("0a".repeat(64));
  const offer = bytesOf(link.offer);
  const info = Buffer.concat([labelled("link"), code.rendezvous, sha256(sealedRequest)]);
  const context = hpke(bytesOf(link.ephemeralSecret), offer.subarray(0, 32), info, {
    key: code.psk,
    id: code.rendezvous,
  });
  const none = Buffer.alloc(0);
  const filled = (length: number, value: number): Hex => hexOf(Buffer.alloc(length, value));
  expect(hexOf(context.open(0, offer.subarray(32), none))).toBe(
    `0101${filled(16, 3)}${filled(138, 4)}${filled(64, 5)}`,
  );
  expect(hexOf(context.open(1, bytesOf(link.grant), none))).toBe(
    `0102${filled(266, 6)}00c8${filled(200, 7)}0000012c${filled(300, 8)}000a${filled(10, 9)}`,
  );
  expect(context.export(labelled("link-emoji"), 4).length).toBe(link.emoji.length);
});

test("reports.json: opens for the moderators, and every message in it verifies", () => {
  const frozenReport = frozen("reports.json") as {
    dayKey: Hex;
    moderatorSecret: Hex;
    reporterAccountId: Hex;
    report: Hex;
    sealed: Hex;
  };
  const [dayKey, secret, reporter] = [
    bytesOf(frozenReport.dayKey),
    bytesOf(frozenReport.moderatorSecret),
    bytesOf(frozenReport.reporterAccountId),
  ];
  const texts = ["something bad", "what came before"];
  expect(openReport(bytesOf(frozenReport.sealed), secret, reporter, dayKey)).toEqual(texts);
  expect(checkReport(bytesOf(frozenReport.report), reporter, dayKey)).toEqual(texts);
});
