import { describe, expect, test } from "vitest";
import { concat } from "./bytes.ts";
import {
  encodeGroupBodyHead,
  encodeGroupKeyEntry,
  groupBodyHeadBytes,
  groupBodyMinBytes,
  groupKeyEntryBytes,
  parseGroupBody,
  parseGroupKeyEntry,
} from "./group-body.ts";
import { encodeGroupChange, type GroupChange, parseGroupChange } from "./group-change.ts";
import {
  encodeGroupOp,
  encodeGroupOpTbs,
  groupIdInput,
  type GroupOpContent,
  groupOpHashInput,
  groupOpMaxBytes,
  groupOpMessage,
  parseGroupOp,
} from "./group-op.ts";

const fill = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);
const malformed = expect.objectContaining({ name: "EnvelopeError", code: "MALFORMED" });
const unsupported = expect.objectContaining({ name: "EnvelopeError", code: "UNSUPPORTED_VERSION" });
const set = (bytes: Uint8Array, at: number, value: number) => Uint8Array.from(bytes).fill(value, at, at + 1);

const [a, b] = [fill(16, 1), fill(16, 2)];
const changes: readonly (readonly [GroupChange, number])[] = [
  [{ type: "create", settings: fill(3, 9), members: [{ accountId: a, role: "owner" }] }, 24],
  [
    {
      type: "add",
      members: [
        { accountId: a, role: "member" },
        { accountId: b, role: "admin" },
      ],
    },
    36,
  ],
  [
    {
      type: "add",
      members: [{ accountId: a, role: "member" }],
      history: { fromSeq: 2 ** 40, messages: 0xffff_ffff },
    },
    31,
  ],
  [{ type: "remove", accountIds: [a, b] }, 34],
  [{ type: "leave" }, 0],
  [{ type: "role", accountId: a, role: "admin" }, 17],
  [{ type: "settings", settings: fill(2048, 7) }, 2050],
  [
    {
      type: "invite",
      invite: { publicKey: fill(32, 5), needsApproval: true, expiresAtMs: 6, sealed: fill(0, 0) },
    },
    41,
  ],
  [
    {
      type: "invite",
      invite: { publicKey: fill(32, 5), needsApproval: false, expiresAtMs: 0, sealed: fill(152, 6) },
    },
    193,
  ],
  [{ type: "invite" }, 41],
  [{ type: "deviceEpoch", listVersion: 4 }, 4],
  [{ type: "dissolve" }, 0],
  [{ type: "join", publicKey: fill(32, 5), proof: fill(64, 6) }, 96],
];

function contentOf(change: GroupChange): GroupOpContent {
  const isFirst = change.type === "create";
  return {
    groupId: fill(16, 0x61),
    epoch: isFirst ? 1 : 7,
    prevHash: fill(32, isFirst ? 0 : 0x62),
    actorAccountId: a,
    actorDeviceId: 3,
    issuedAtMs: 1_800_000_000_000,
    change,
    stateHash: fill(32, 0x63),
  };
}

function operation(change: GroupChange): Uint8Array<ArrayBuffer> {
  return encodeGroupOp(encodeGroupOpTbs(contentOf(change)), fill(64, 0x64));
}

describe("group operation", () => {
  test.each(changes)("%j and back", (change, payloadBytes) => {
    const bytes = operation(change);
    expect(bytes.length).toBe(181 + payloadBytes);
    const tbs = bytes.slice(0, -64);
    expect(parseGroupOp(bytes)).toEqual({ ...contentOf(change), tbs, sig: fill(64, 0x64), bytes });
  });

  test("the largest one is within the limit", () => {
    const members = Array.from({ length: 1024 }, (_, index) => ({
      accountId: concat(Uint8Array.of(index >> 8, index & 255), fill(14, 0)),
      role: "owner" as const,
    }));
    const bytes = operation({ type: "create", settings: fill(2048, 1), members });
    expect(bytes.length).toBeLessThanOrEqual(groupOpMaxBytes);
    expect(parseGroupOp(bytes).change).toEqual({ type: "create", settings: fill(2048, 1), members });
  });

  test("what is signed and hashed", () => {
    const op = parseGroupOp(operation(changes[0]![0]));
    expect(groupOpMessage(op.tbs)).toEqual(concat(new TextEncoder().encode("sotto/v1/group-op\0"), op.tbs));
    expect(groupOpHashInput(op.bytes)).toEqual(
      concat(new TextEncoder().encode("sotto/v1/group-op-hash\0"), op.bytes),
    );
    const blank = concat(op.tbs.slice(0, 2), fill(16, 0), op.tbs.slice(18));
    expect(groupIdInput(op.tbs)).toEqual(concat(new TextEncoder().encode("sotto/v1/group-id\0"), blank));
  });

  test("UNSUPPORTED_VERSION: a higher version", () => {
    expect(() => parseGroupOp(set(operation({ type: "leave" }), 0, 2))).toThrow(unsupported);
  });

  const leave = operation({ type: "leave" });
  const opAt = 1 + 1 + 16 + 4 + 32 + 16 + 4 + 8;
  test.each<[string, Uint8Array]>([
    ["version zero", set(leave, 0, 0)],
    ["another type", set(leave, 1, 0x30)],
    ["operation 0", set(leave, opAt, 0)],
    ["operation 10", set(leave, opAt, 10)],
    ["epoch zero", leave.map((byte, at) => (at >= 18 && at < 22 ? 0 : byte))],
    ["create above epoch 1", set(operation(changes[0]![0]), 21, 2)],
    ["epoch 1 without create", set(leave, 21, 1)],
    ["no previous hash", leave.map((byte, at) => (at >= 22 && at < 54 ? 0 : byte))],
    ["a previous hash in create", set(operation(changes[0]![0]), 22, 1)],
    ["device id zero", leave.map((byte, at) => (at >= 70 && at < 74 ? 0 : byte))],
    ["a payload of leave", set(leave, opAt + 2, 1)],
    ["truncated", leave.subarray(0, -1)],
    ["trailing bytes", concat(leave, fill(1, 0))],
    ["larger than any", fill(groupOpMaxBytes + 1, 1)],
    ["empty", fill(0, 0)],
  ])("MALFORMED: %s", (_, bytes) => {
    expect(() => parseGroupOp(bytes)).toThrow(malformed);
  });
});

describe("payloads", () => {
  const grants = (...members: [Uint8Array, number][]) =>
    concat(Uint8Array.of(0, members.length), ...members.flatMap(([id, role]) => [id, Uint8Array.of(role)]));

  test.each<[string, GroupChange["type"], Uint8Array]>([
    ["create without members", "create", fill(4, 0)],
    [
      "create with settings above 2 KiB",
      "create",
      concat(Uint8Array.of(8, 1), fill(2049, 1), grants([a, 3])),
    ],
    ["add of nobody", "add", grants()],
    ["add of 1,025", "add", concat(Uint8Array.of(4, 1), fill(1025 * 17, 1))],
    ["add in decreasing order", "add", grants([b, 1], [a, 1])],
    ["add of one account twice", "add", grants([a, 1], [a, 2])],
    ["add with role 0", "add", grants([a, 0])],
    ["add with role 4", "add", grants([a, 4])],
    ["add with history from place 0", "add", concat(grants([a, 1]), fill(8, 0), fill(4, 1))],
    ["add with a history of no message", "add", concat(grants([a, 1]), fill(7, 0), fill(1, 1), fill(4, 0))],
    ["add with half a history", "add", concat(grants([a, 1]), fill(7, 0), fill(1, 1))],
    ["add with more than a history", "add", concat(grants([a, 1]), fill(6, 0), fill(7, 1))],
    ["remove of nobody", "remove", fill(2, 0)],
    ["remove of one account twice", "remove", concat(Uint8Array.of(0, 2), a, a)],
    ["a count above what follows", "remove", concat(Uint8Array.of(0, 2), a)],
    ["role with trailing bytes", "role", concat(a, Uint8Array.of(1, 0))],
    ["settings above 2 KiB", "settings", concat(Uint8Array.of(8, 1), fill(2049, 1))],
    ["settings longer than said", "settings", concat(Uint8Array.of(0, 1), fill(2, 1))],
    ["invite flags 2", "invite", concat(fill(32, 1), Uint8Array.of(2), fill(8, 0))],
    ["no invite that needs approval", "invite", concat(fill(32, 0), Uint8Array.of(1), fill(8, 0))],
    ["no invite that expires", "invite", concat(fill(32, 0), fill(8, 0), Uint8Array.of(1))],
    ["no invite with something sealed", "invite", fill(193, 0).fill(1, 41)],
    ["an invite with half of what is sealed", "invite", concat(fill(32, 1), fill(9, 0), fill(76, 1))],
    ["an invite with more than is sealed", "invite", concat(fill(32, 1), fill(9, 0), fill(153, 1))],
    ["join without all of its proof", "join", fill(95, 1)],
    ["join with trailing bytes", "join", fill(97, 1)],
    ["list version zero", "deviceEpoch", fill(4, 0)],
    ["leave with a payload", "leave", fill(1, 0)],
    ["dissolve with a payload", "dissolve", fill(1, 0)],
  ])("MALFORMED: %s", (_, type, payload) => {
    expect(() => parseGroupChange(type, payload)).toThrow(malformed);
  });

  test("a change without a spelling is not encoded", () => {
    const members = [
      { accountId: b, role: "member" as const },
      { accountId: a, role: "member" as const },
    ];
    expect(() => encodeGroupOpTbs(contentOf({ type: "add", members }))).toThrow(malformed);
    expect(encodeGroupChange({ type: "invite" })).toEqual(fill(41, 0));
  });
});

describe("group body and key entry", () => {
  const head = {
    groupId: fill(16, 1),
    epoch: 2,
    senderKeyId: fill(8, 3),
    number: 4,
    clientMsgId: fill(16, 5),
    commitment: fill(32, 6),
    nonce: fill(24, 7),
  };
  const parts = { ciphertext: fill(272, 8), sig: fill(64, 9) };
  const body = concat(encodeGroupBodyHead(head), parts.ciphertext, parts.sig);
  const entry = { groupId: fill(16, 1), clientMsgId: fill(16, 2), senderKeyId: fill(8, 3) };
  const entryBytes = encodeGroupKeyEntry(entry);

  test("a body and back", () => {
    expect([groupBodyHeadBytes, groupBodyMinBytes]).toEqual([encodeGroupBodyHead(head).length, body.length]);
    expect(parseGroupBody(body)).toEqual({ ...head, ...parts });
  });

  test("a key entry and back", () => {
    expect(entryBytes.length).toBe(groupKeyEntryBytes);
    expect(parseGroupKeyEntry(entryBytes)).toEqual(entry);
  });

  test.each<[string, () => unknown]>([
    ["body: another type", () => parseGroupBody(set(body, 1, 0x20))],
    ["body: suite zero", () => parseGroupBody(set(body, 2, 0))],
    ["body: epoch zero", () => parseGroupBody(set(body, 22, 0))],
    ["body: not a padded size", () => parseGroupBody(concat(body, fill(1, 0)))],
    ["body: truncated", () => parseGroupBody(body.subarray(0, -1))],
    ["body: only a head", () => parseGroupBody(body.subarray(0, groupBodyHeadBytes))],
    ["body: too large", () => parseGroupBody(fill(73_729, 1))],
    ["key entry: another type", () => parseGroupKeyEntry(set(entryBytes, 1, 0x30))],
    ["key entry: truncated", () => parseGroupKeyEntry(entryBytes.subarray(0, -1))],
    ["key entry: trailing bytes", () => parseGroupKeyEntry(concat(entryBytes, fill(1, 0)))],
  ])("MALFORMED: %s", (_, parse) => {
    expect(parse).toThrow(malformed);
  });

  test("UNSUPPORTED_VERSION: a higher version or suite", () => {
    expect(() => parseGroupBody(set(body, 0, 2))).toThrow(unsupported);
    expect(() => parseGroupBody(set(body, 2, 2))).toThrow(unsupported);
    expect(() => parseGroupKeyEntry(set(entryBytes, 0, 2))).toThrow(unsupported);
  });
});
