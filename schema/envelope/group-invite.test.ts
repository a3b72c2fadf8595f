import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Bytes, concat } from "./bytes.ts";
import type { GroupChange, GroupRole } from "./group-change.ts";
import { type GroupInvite, joinProofMessage } from "./group-invite.ts";
import { encodeGroupOp, encodeGroupOpTbs, groupOpHashInput, parseGroupOp } from "./group-op.ts";
import { applyGroupOp, type GroupHead } from "./group-rules.ts";

const fill = (length: number, value: number): Bytes => new Uint8Array(length).fill(value);
const id = (letter: string): Bytes => fill(16, letter.charCodeAt(0));
const refusal = (code: string): unknown => expect.objectContaining({ name: "GroupRefusal", code });
const issuedAtMs = 1_000;

/** Rules hash nothing and verify nothing: the signatures here are none. */
function step(head: GroupHead | undefined, actor: string, change: GroupChange): GroupHead {
  const tbs = encodeGroupOpTbs({
    groupId: head?.state.groupId ?? fill(16, 0x47),
    epoch: (head?.state.epoch ?? 0) + 1,
    prevHash: head?.opHash ?? fill(32, 0),
    actorAccountId: id(actor),
    actorDeviceId: 1,
    issuedAtMs,
    change,
    stateHash: fill(32, 0x48),
  });
  const op = parseGroupOp(encodeGroupOp(tbs, fill(64, 0x49)));
  const opHash = Uint8Array.from(createHash("sha256").update(groupOpHashInput(op.bytes)).digest());
  return { state: applyGroupOp(head, op), opHash };
}

const open: GroupInvite = {
  publicKey: fill(32, 3),
  needsApproval: false,
  expiresAtMs: 0,
  sealed: fill(152, 4),
};
const join = (publicKey = open.publicKey): GroupChange => ({ type: "join", publicKey, proof: fill(64, 5) });
const remove = (letter: string): GroupChange => ({ type: "remove", accountIds: [id(letter)] });

/** a owns, b is a member, and the invite is in force. */
function invited(terms: Partial<GroupInvite> = {}): GroupHead {
  const members = ["a", "b"].map((letter, index) => {
    return { accountId: id(letter), role: (index === 0 ? "owner" : "member") as GroupRole };
  });
  const created = step(undefined, "a", { type: "create", settings: fill(1, 1), members });
  return step(created, "a", { type: "invite", invite: { ...open, ...terms } });
}

describe("[GR30] joining", () => {
  test("brings the actor in as a member, and nothing else changes", () => {
    const before = invited();
    const { state } = step(before, "c", join());
    const newcomer = { accountId: id("c"), role: "member", joinedEpoch: 3 };
    expect(state).toEqual({ ...before.state, epoch: 3, members: [...before.state.members, newcomer] });
  });

  test("an invite lets in until its time, by the actor's clock", () => {
    expect(step(invited({ expiresAtMs: issuedAtMs + 1 }), "c", join()).state.members).toHaveLength(3);
    const over = invited({ expiresAtMs: issuedAtMs });
    expect(() => step(over, "c", join())).toThrow(refusal("INVITE_EXPIRED"));
  });

  test.each<[string, GroupHead, string, GroupChange, string]>([
    ["another invite's key", invited(), "c", join(fill(32, 9)), "NO_INVITE"],
    ["approval is asked for", invited({ needsApproval: true }), "c", join(), "NO_INVITE"],
    ["taken back", step(invited(), "a", { type: "invite" }), "c", join(), "NO_INVITE"],
    [
      "reset",
      step(invited(), "a", { type: "invite", invite: { ...open, publicKey: fill(32, 8) } }),
      "c",
      join(),
      "NO_INVITE",
    ],
    ["a member", invited(), "b", join(), "NO_CHANGE"],
    ["dissolved", step(invited(), "a", { type: "dissolve" }), "c", join(), "DISSOLVED"],
  ])("is refused: %s", (_name, head, actor, change, code) => {
    const kept = structuredClone(head);
    expect(() => step(head, actor, change)).toThrow(refusal(code));
    expect(head).toEqual(kept);
  });

  test("1,024 members and no more", () => {
    const head = invited();
    const many = Array.from({ length: 1_022 }, (_, index) => {
      const accountId = fill(16, 0xff);
      new DataView(accountId.buffer).setUint32(0, 0x70000000 + index);
      return { accountId, role: "member" as const };
    });
    const full = step(head, "a", { type: "add", members: many });
    expect(full.state.members).toHaveLength(1_024);
    expect(() => step(full, "c", join())).toThrow(refusal("FULL"));
  });
});

describe("[GR31] a removal ends the link", () => {
  test("for the removed one and for everyone else; the state hash does not notice", () => {
    const { state } = step(invited(), "a", remove("b"));
    const { invite: endedInvite, ...rest } = invited().state;
    const members = rest.members.slice(0, 1);
    expect(state).toEqual({ ...rest, endedInvite, epoch: 3, members, rotationEpoch: 3 });
    const head = step(invited(), "a", remove("b"));
    for (const letter of ["b", "c"]) expect(() => step(head, letter, join())).toThrow(refusal("NO_INVITE"));
  });

  test("it does not come back, another one does; without one a removal ends nothing", () => {
    const head = step(invited(), "a", remove("b"));
    const again: GroupChange = { type: "invite", invite: { ...open, needsApproval: true } };
    expect(() => step(head, "a", again)).toThrow(refusal("NO_CHANGE"));
    const fresh = { ...open, publicKey: fill(32, 7) };
    const renewed = step(head, "a", { type: "invite", invite: fresh });
    expect(renewed.state).toMatchObject({ invite: fresh });
    expect(renewed.state).not.toHaveProperty("endedInvite");
    expect(step(renewed, "b", join(fresh.publicKey)).state.members).toHaveLength(2);
    expect(step(head, "a", { type: "invite" }).state).not.toHaveProperty("endedInvite");
    const bare = step(step(invited(), "a", { type: "invite" }), "a", remove("b"));
    expect(bare.state).not.toHaveProperty("endedInvite");
  });

  test("leaving ends nothing: who left may come back by the link", () => {
    const left = step(invited(), "b", { type: "leave" });
    expect(step(left, "b", join()).state.members).toHaveLength(2);
  });
});

test("[GR30] a proof is for one group, one invite and one account", () => {
  const message = joinProofMessage(fill(16, 1), fill(32, 2), fill(16, 3));
  const name = new TextEncoder().encode("sotto/v1/group-join\0");
  expect(message).toEqual(concat(name, fill(16, 1), fill(32, 2), fill(16, 3)));
});
