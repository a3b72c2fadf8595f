import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Bytes, concat } from "./bytes.ts";
import { type GroupChange, type GroupGrant, type GroupRole } from "./group-change.ts";
import {
  encodeGroupOp,
  encodeGroupOpTbs,
  groupIdInput,
  type GroupOp,
  groupOpHashInput,
  parseGroupOp,
} from "./group-op.ts";
import { applyGroupOp, assertGroupResult, type GroupHead } from "./group-rules.ts";
import { type GroupState, groupStateHashInput, groupStateParts } from "./group-state.ts";

const fill = (length: number, value: number): Bytes => new Uint8Array(length).fill(value);
const sha256 = (bytes: Uint8Array): Bytes => Uint8Array.from(createHash("sha256").update(bytes).digest());
const refusal = (code: string): unknown => expect.objectContaining({ name: "GroupRefusal", code });

/** Accounts by a letter: "a" is sixteen 0x61. */
const id = (letter: string): Bytes => fill(16, letter.charCodeAt(0));
const letterOf = (accountId: Uint8Array): string => String.fromCharCode(accountId[0]!);
const roleOf = { o: "owner", a: "admin", m: "member" } as const satisfies Record<string, GroupRole>;

/** "ao bm" is account a as owner and b as member. */
function grants(text: string): GroupGrant[] {
  return text
    .split(" ")
    .map((each) => ({ accountId: id(each[0]!), role: roleOf[each[1] as "o" | "a" | "m"] }));
}

/** Roles, and epochs of joining: "ao1 bm2". */
function membersOf(state: GroupState): string {
  return state.members
    .map(({ accountId, role, joinedEpoch }) => `${letterOf(accountId)}${role[0]}${joinedEpoch}`)
    .join(" ");
}

function opOf(head: GroupHead | undefined, actor: string, change: GroupChange): GroupOp {
  const tbs = encodeGroupOpTbs({
    groupId: head?.state.groupId ?? fill(16, 0x47),
    epoch: (head?.state.epoch ?? 0) + 1,
    prevHash: head?.opHash ?? fill(32, 0),
    actorAccountId: id(actor),
    actorDeviceId: 1,
    issuedAtMs: 5,
    change,
    stateHash: fill(32, 0x48),
  });
  return parseGroupOp(encodeGroupOp(tbs, fill(64, 0x49)));
}

function step(head: GroupHead | undefined, actor: string, change: GroupChange): GroupHead {
  const op = opOf(head, actor, change);
  return { state: applyGroupOp(head, op), opHash: sha256(groupOpHashInput(op.bytes)) };
}

function group(text: string): GroupHead {
  const [first] = text;
  return step(undefined, first!, { type: "create", settings: fill(1, 1), members: grants(text) });
}

const add = (text: string): GroupChange => ({ type: "add", members: grants(text) });
const remove = (letters: string): GroupChange => ({ type: "remove", accountIds: letters.split("").map(id) });
const role = (text: string): GroupChange => ({ type: "role", ...grants(text)[0]! });
const leave: GroupChange = { type: "leave" };
const invite = { publicKey: fill(32, 3), needsApproval: true, expiresAtMs: 4, sealed: fill(0, 0) };

test("a created group", () => {
  expect(group("ao bm").state).toEqual({
    groupId: fill(16, 0x47),
    epoch: 1,
    members: grants("ao bm").map((grant) => ({ ...grant, joinedEpoch: 1 })),
    settings: fill(1, 1),
    settingsEpoch: 1,
    isDissolved: false,
    rotationEpoch: 0,
  });
});

describe("what changes", () => {
  test.each<[string, string, string, GroupChange, Partial<GroupState>, string]>([
    ["owner adds", "bo", "b", add("aa cm"), {}, "aa2 bo1 cm2"],
    ["admin adds", "ao ba", "b", add("cm"), {}, "ao1 ba1 cm2"],
    ["admin removes members", "ao ba cm dm", "b", remove("cd"), { rotationEpoch: 2 }, "ao1 ba1"],
    ["owner removes an admin", "ao ba", "a", remove("b"), { rotationEpoch: 2 }, "ao1"],
    ["owner removes an owner", "ao bo", "a", remove("b"), { rotationEpoch: 2 }, "ao1"],
    ["owner removes itself beside another", "ao bo", "a", remove("a"), { rotationEpoch: 2 }, "bo1"],
    ["owner promotes", "ao bm", "a", role("bo"), {}, "ao1 bo1"],
    ["owner demotes itself beside another", "ao bo", "a", role("am"), {}, "am1 bo1"],
    ["member leaves", "ao bm", "b", leave, { rotationEpoch: 2 }, "ao1"],
    ["one of two owners leaves", "ao bo cm", "a", leave, { rotationEpoch: 2 }, "bo1 cm1"],
    ["the last owner leaves to an admin", "ao bm ca da", "a", leave, { rotationEpoch: 2 }, "bm1 co1 da1"],
    ["the last owner leaves to a member", "ao bm cm", "a", leave, { rotationEpoch: 2 }, "bo1 cm1"],
    ["the last member leaves", "ao", "a", leave, { rotationEpoch: 2, isDissolved: true }, ""],
    [
      "admin sets settings",
      "ao ba",
      "b",
      { type: "settings", settings: fill(2, 2) },
      { settings: fill(2, 2), settingsEpoch: 2 },
      "ao1 ba1",
    ],
    ["admin makes an invite", "ao ba", "b", { type: "invite", invite }, { invite }, "ao1 ba1"],
    [
      "member tells of a revoked device",
      "ao bm",
      "b",
      { type: "deviceEpoch", listVersion: 3 },
      { rotationEpoch: 2 },
      "ao1 bm1",
    ],
    ["owner dissolves", "ao bm", "a", { type: "dissolve" }, { isDissolved: true }, "ao1 bm1"],
  ])("%s", (_, before, actor, change, expected, members) => {
    const head = group(before);
    const { state } = step(head, actor, change);
    expect(state).toEqual({ ...head.state, epoch: 2, ...expected, members: state.members });
    expect(membersOf(state)).toBe(members);
  });

  test("the longest-serving admin inherits before one with a lower id", () => {
    let head = group("co dm");
    head = step(head, "c", add("am"));
    head = step(head, "c", role("da"));
    head = step(head, "c", role("aa"));
    expect(membersOf(step(head, "c", leave).state)).toBe("aa2 do1");
  });

  test("an invite is taken back", () => {
    const head = step(group("ao"), "a", { type: "invite", invite });
    expect(step(head, "a", { type: "invite" }).state).toEqual({ ...group("ao").state, epoch: 3 });
  });
});

describe("what a role does not allow", () => {
  test.each<[string, string, string, GroupChange]>([
    ["FORBIDDEN", "ao bm cm", "b", add("dm")],
    ["FORBIDDEN", "ao bm cm", "b", remove("c")],
    ["FORBIDDEN", "ao bm cm", "b", role("ca")],
    ["FORBIDDEN", "ao bm", "b", role("bo")],
    ["FORBIDDEN", "ao bm", "b", { type: "settings", settings: fill(2, 2) }],
    ["FORBIDDEN", "ao bm", "b", { type: "invite", invite }],
    ["FORBIDDEN", "ao bm", "b", { type: "dissolve" }],
    ["FORBIDDEN", "ao ba", "b", add("ca")],
    ["FORBIDDEN", "ao ba", "b", add("co")],
    ["FORBIDDEN", "ao ba", "b", remove("a")],
    ["FORBIDDEN", "ao ba ca", "b", remove("c")],
    ["FORBIDDEN", "ao ba", "b", remove("b")],
    ["FORBIDDEN", "ao ba cm", "b", role("ca")],
    ["FORBIDDEN", "ao ba", "b", { type: "dissolve" }],
    ["FORBIDDEN", "ao bm", "a", remove("a")],
    ["FORBIDDEN", "ao bm", "a", role("am")],
    ["FORBIDDEN", "ao bo", "a", remove("ab")],
    ["NOT_MEMBER", "ao bm", "z", leave],
    ["NOT_MEMBER", "ao bm", "z", add("zm")],
    ["NOT_MEMBER", "ao bm", "z", { type: "deviceEpoch", listVersion: 1 }],
    ["NO_CHANGE", "ao bm", "a", add("bm cm")],
    ["NO_CHANGE", "ao bm", "a", remove("bc")],
    ["NO_CHANGE", "ao bm", "a", role("bm")],
    ["NO_CHANGE", "ao bm", "a", role("cm")],
    ["NO_CHANGE", "ao", "a", { type: "settings", settings: fill(1, 1) }],
    ["NO_CHANGE", "ao", "a", { type: "invite" }],
  ])("[ATTACK 53] %s: in %j %s does %j", (code, before, actor, change) => {
    const head = group(before);
    const kept = structuredClone(head);
    expect(() => step(head, actor, change)).toThrow(refusal(code));
    expect(head).toEqual(kept);
  });

  test("[ATTACK 53] two admins remove each other: the second one is no member any more", () => {
    const head = group("ao bo");
    const [one, other] = [opOf(head, "a", remove("b")), opOf(head, "b", remove("a"))];
    const after = { state: applyGroupOp(head, one), opHash: sha256(groupOpHashInput(one.bytes)) };
    expect(() => applyGroupOp(after, other)).toThrow(refusal("STALE_EPOCH"));
    expect(() => applyGroupOp(after, opOf(after, "b", remove("a")))).toThrow(refusal("NOT_MEMBER"));
  });

  test("who creates a group must own it", () => {
    const members = grants("aa bo");
    expect(() => step(undefined, "a", { type: "create", settings: fill(0, 0), members })).toThrow(
      refusal("FORBIDDEN"),
    );
    expect(() => step(undefined, "c", { type: "create", settings: fill(0, 0), members })).toThrow(
      refusal("FORBIDDEN"),
    );
  });

  test("FULL: 1,024 members and not one more", () => {
    const many = (from: number, count: number): GroupGrant[] =>
      Array.from({ length: count }, (_, index) => ({
        accountId: concat(Uint8Array.of(0x70, (from + index) >> 8, (from + index) & 255), fill(13, 0)),
        role: "member",
      }));
    const head = step(group("ao"), "a", { type: "add", members: many(0, 1023) });
    expect(head.state.members.length).toBe(1024);
    expect(() => step(head, "a", { type: "add", members: many(1023, 1) })).toThrow(refusal("FULL"));
  });

  test("DISSOLVED: after it nothing", () => {
    const head = step(group("ao bm"), "a", { type: "dissolve" });
    expect(() => step(head, "b", leave)).toThrow(refusal("DISSOLVED"));
  });
});

describe("the chain", () => {
  test("[ATTACK 52] STALE_EPOCH, BROKEN_CHAIN, OTHER_GROUP: an operation that does not follow", () => {
    const head = group("ao bm");
    const next = opOf(head, "b", leave);
    const after = step(head, "a", add("cm"));
    expect(() => applyGroupOp(after, next)).toThrow(refusal("STALE_EPOCH"));
    expect(() => applyGroupOp(undefined, next)).toThrow(refusal("STALE_EPOCH"));
    expect(() => applyGroupOp({ ...head, opHash: fill(32, 1) }, next)).toThrow(refusal("BROKEN_CHAIN"));
    const otherGroup = { ...head, state: { ...head.state, groupId: fill(16, 1) } };
    expect(() => applyGroupOp(otherGroup, next)).toThrow(refusal("OTHER_GROUP"));
    const again = { type: "create" as const, settings: fill(0, 0), members: grants("ao") };
    expect(() => applyGroupOp(head, opOf(undefined, "a", again))).toThrow(refusal("STALE_EPOCH"));
  });

  test("[ATTACK 52] STATE_MISMATCH: a result other than the one claimed; OTHER_GROUP: an id that is not the operation's", () => {
    const op = opOf(undefined, "a", { type: "create", settings: fill(1, 1), members: grants("ao") });
    const groupId = op.groupId;
    const stateHash = op.stateHash;
    expect(() => assertGroupResult(op, { stateHash, groupId })).not.toThrow();
    expect(() => assertGroupResult(op, { stateHash: fill(32, 1), groupId })).toThrow(
      refusal("STATE_MISMATCH"),
    );
    expect(() => assertGroupResult(op, { stateHash, groupId: fill(16, 1) })).toThrow(refusal("OTHER_GROUP"));
    expect(() => assertGroupResult(op, { stateHash })).toThrow(refusal("OTHER_GROUP"));
    const later = opOf(group("ao"), "a", leave);
    expect(() => assertGroupResult(later, { stateHash: later.stateHash })).not.toThrow();
  });

  test("the group id does not depend on the one in the operation", () => {
    const op = opOf(undefined, "a", { type: "create", settings: fill(1, 1), members: grants("ao") });
    const renamed = Uint8Array.from(op.tbs).fill(9, 2, 18);
    expect(groupIdInput(renamed)).toEqual(groupIdInput(op.tbs));
  });
});

test("the canonical state: members, settings, invite and end, without the id", () => {
  const withInvite = step(group("ao bm"), "a", { type: "invite", invite });
  const { state } = step(withInvite, "a", { type: "dissolve" });
  const parts = groupStateParts(state);
  expect(parts).toEqual({
    settings: fill(1, 1),
    invite: concat(fill(32, 3), Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 4)),
  });
  const hashes = { settings: fill(32, 7), invite: fill(32, 8) };
  expect(groupStateHashInput(state, hashes)).toEqual(
    concat(
      new TextEncoder().encode("sotto/v1/group-state\0"),
      Uint8Array.of(0, 2),
      id("a"),
      Uint8Array.of(3, 0, 0, 0, 1),
      id("b"),
      Uint8Array.of(1, 0, 0, 0, 1),
      fill(32, 7),
      fill(32, 8),
      Uint8Array.of(1),
    ),
  );
  expect(groupStateParts(group("ao").state).invite).toEqual(fill(0, 0));
});
