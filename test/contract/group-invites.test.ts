/** Invite links at the conversation's object, in plain Node: who comes in, who asks, and what strangers learn. */
import { describe, expect, test } from "vitest";
import {
  inviteCallBurst,
  inviteCallRefillMs,
  InviteDesk,
} from "#durable-objects/conversation/invite-desk.ts";
import { JoinRequestStore } from "#durable-objects/conversation/join-request-store.ts";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { GroupChange } from "#schema/envelope/group-change.ts";
import type { GroupInvite } from "#schema/envelope/group-invite.ts";
import { SottoError } from "#schema/errors.ts";
import { limits } from "#schema/limits.ts";
import { settle, startMs } from "../support/conversation-rig.ts";
import { createChange } from "../support/group-changes.ts";
import { accountOf, GroupRig, identityOf } from "../support/group-rig.ts";
import { newKeyId, operationOn } from "../support/raw-group.ts";

const cast = { a: ["owner", 1], b: ["admin", 1], c: ["member", 2] } as const;
const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const text = (byte: number): string => encodeBase64url(Uint8Array.from(key(byte)));
const open: GroupInvite = {
  publicKey: key(3),
  needsApproval: false,
  expiresAtMs: 0,
  sealed: new Uint8Array(152).fill(4),
};
const made = (terms: Partial<GroupInvite> = {}): GroupChange => {
  return { type: "invite", invite: { ...open, ...terms } };
};
const join = (byte = 3): GroupChange => ({ type: "join", publicKey: key(byte), proof: new Uint8Array(64) });
const proof = encodeBase64url(new Uint8Array(64));

function refusalOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SottoError)) throw error;
    return error.kind;
  }
}

async function post(rig: GroupRig, letter: string, change: GroupChange, device = 1): Promise<unknown> {
  const { operation } = operationOn(rig.head, { account: accountOf(letter), device }, change, key(1));
  try {
    return await rig.room.group.post({ identity: identityOf(letter, device), operation });
  } catch (error) {
    if (!(error instanceof SottoError)) throw error;
    return error.kind;
  }
}

type Told = Parameters<ConstructorParameters<typeof InviteDesk>[0]["tell"]>;

function deskOf(rig: GroupRig, isThere = true, told: Told[] = []): InviteDesk {
  return new InviteDesk({
    state: () => (isThere ? rig.room.state : undefined),
    groupStore: rig.groupStore,
    requests: new JoinRequestStore(rig.sql),
    now: () => rig.nowMs,
    tell: (...news) => told.push(news),
  });
}

const stored = (rig: GroupRig) => JSON.stringify(rig.sql.all("SELECT * FROM group_head"));

describe("joining", () => {
  test("[GR30] who proves the invite in force is in, reads from there, and may write", async () => {
    const rig = await GroupRig.open(cast);
    rig.setDevices("d", 2);
    await rig.change("a", made());
    rig.wake();
    expect(await rig.change("d", join())).toEqual({ epoch: 3, seq: 3 });
    const member = rig.room.state.members.get(accountOf("d"));
    expect([member?.role, member?.joinedSeq, member?.devices.size]).toEqual([1, 3, 2]);
    await settle();
    expect(rig.notices.findLast(({ account }) => account === accountOf("d"))?.input.group).toEqual({
      epoch: 3,
      members: 4,
      joinedEpoch: 3,
    });
    const keyId = newKeyId();
    const socket = rig.socket(accountOf("d"), 1);
    rig.turn(socket, rig.groupMessage(keyId, rig.others("d")));
    expect(socket.frames.join()).toContain("message:ack");
  });

  test("[GR30] the same operation again gives the same answer; another one in the same place is a conflict", async () => {
    const rig = await GroupRig.open(cast);
    await rig.change("a", made());
    const { operation } = rig.operation("d", join());
    const late = rig.operation("e", join());
    const again = () => rig.room.group.post({ identity: identityOf("d"), operation });
    expect(await again()).toEqual({ epoch: 3, seq: 3 });
    expect(await again()).toEqual({ epoch: 3, seq: 3 });
    const raced = rig.room.group.post({ identity: identityOf("e"), operation: late.operation });
    await expect(raced).rejects.toMatchObject({ kind: "group_conflict", epoch: 3 });
  });

  test.each<[string, readonly GroupChange[], GroupChange, string]>([
    ["no invite", [], join(), "not_found"],
    ["another one's key", [made()], join(9), "not_found"],
    ["taken back", [made(), { type: "invite" }], join(), "not_found"],
    ["reset", [made(), made({ publicKey: key(8) })], join(), "not_found"],
    ["ended by a removal", [made(), createChange.remove(accountOf("c"))], join(), "not_found"],
    ["dissolved", [made(), createChange.dissolve], join(), "not_found"],
    ["expired", [made({ expiresAtMs: startMs })], join(), "link_over"],
    ["approval is asked for", [made({ needsApproval: true })], join(), "forbidden"],
    ["a stranger's other change", [made()], createChange.settings(7), "not_found"],
    ["a stranger that leaves", [made()], createChange.leave, "not_found"],
  ])("[GR31] [GR32] a stranger is refused, and nothing changes: %s", async (_name, before, change, kind) => {
    const rig = await GroupRig.open(cast);
    for (const each of before) await rig.change("a", each);
    const kept = stored(rig);
    expect(await post(rig, "d", change)).toBe(kind);
    expect(await post(rig, "d", change)).toBe(kind);
    rig.wake();
    expect([stored(rig), rig.room.state.members.has(accountOf("d"))]).toEqual([kept, false]);
  });

  test("[GR31] who was removed cannot come back by the link that it knew, by a new one it can", async () => {
    const rig = await GroupRig.open(cast);
    await rig.change("a", made());
    await rig.change("a", createChange.remove(accountOf("c")));
    rig.wake();
    expect(rig.room.state.head).toEqual(rig.head);
    expect(await post(rig, "c", join())).toBe("not_found");
    expect(await post(rig, "a", made({ needsApproval: true }))).toBe("forbidden");
    await rig.change("a", made({ publicKey: key(8) }));
    await rig.change("c", join(8));
    expect(rig.room.state.members.has(accountOf("c"))).toBe(true);
  });

  test("[GR30] who is in, and a device that is not its account's, are refused", async () => {
    const rig = await GroupRig.open(cast);
    await rig.change("a", made());
    expect(await post(rig, "c", join())).toBe("forbidden");
    const { operation } = rig.operation("d", join(), 3);
    const foreign = rig.room.group.post({ identity: identityOf("d", 3), operation });
    await expect(foreign).rejects.toMatchObject({ kind: "forbidden" });
    expect(rig.room.state.members.has(accountOf("d"))).toBe(false);
  });

  test("[GR33] a full group takes nobody", async () => {
    const rig = await GroupRig.open(cast);
    const many = Array.from({ length: 1_021 }, (_, index) => String.fromCharCode(0x4e00 + index));
    await rig.change("a", createChange.add(...many.map(accountOf)));
    await rig.change("a", made());
    expect(rig.room.state.members.size).toBe(1_024);
    expect(await post(rig, "d", join())).toBe("forbidden");
  });
});

describe("what holders of the link learn", () => {
  test("[GR32] name and number under its key; nothing of a group that is not there, or under another key", async () => {
    const rig = await GroupRig.open(cast);
    await rig.change("a", made({ expiresAtMs: startMs + 1_000 }));
    const desk = deskOf(rig);
    expect(desk.preview(text(3))).toEqual({
      settings: encodeBase64url(Uint8Array.from(rig.head.state.settings)),
      sealed: encodeBase64url(Uint8Array.from(open.sealed)),
      needsApproval: false,
      expiresAtMs: startMs + 1_000,
      members: 3,
    });
    const nowhere = deskOf(rig, false);
    const identity = identityOf("d");
    for (const [where, publicKey] of [
      [desk, text(9)],
      [nowhere, text(3)],
    ] as const) {
      expect(refusalOf(() => where.preview(publicKey))).toBe("not_found");
      expect(refusalOf(() => where.operations({ identity, publicKey, after: 0 }))).toBe("not_found");
      expect(refusalOf(() => where.request({ identity, publicKey, proof }))).toBe("not_found");
      expect(refusalOf(() => where.stateOf({ identity, publicKey }))).toBe("not_found");
      expect(refusalOf(() => where.waiting(identity.account))).toBe("not_found");
      expect(refusalOf(() => where.refuse(identity.account, accountOf("e")))).toBe("not_found");
    }
    rig.nowMs += 1_000;
    expect(refusalOf(() => desk.preview(text(3)))).toBe("link_over");
  });

  test("[GR32] the operations are for who may come in without approval", async () => {
    const rig = await GroupRig.open(cast);
    await rig.change("a", made());
    const desk = deskOf(rig);
    const input = { identity: identityOf("d"), publicKey: text(3) };
    const all = desk.operations({ ...input, after: 0 });
    expect([all.operations.map(({ epoch }) => epoch), all.more]).toEqual([[1, 2], false]);
    expect(desk.operations({ ...input, after: 1 }).operations).toHaveLength(1);
    await rig.change("a", made({ needsApproval: true }));
    expect(refusalOf(() => desk.operations({ ...input, after: 0 }))).toBe("forbidden");
  });

  test("[GR32] calls are limited before anything is looked at", async () => {
    const rig = await GroupRig.open(cast);
    const desk = deskOf(rig);
    for (let call = 0; call < inviteCallBurst; call += 1) {
      expect(refusalOf(() => desk.preview(text(3)))).toBe("not_found");
    }
    expect(refusalOf(() => desk.preview(text(3)))).toBe("rate_limited");
    rig.nowMs += inviteCallRefillMs;
    expect(refusalOf(() => desk.preview(text(3)))).toBe("not_found");
  });
});

describe("asking to be let in", () => {
  const asking = async () => {
    const rig = await GroupRig.open(cast);
    await rig.change("a", made({ needsApproval: true }));
    return { rig, desk: deskOf(rig) };
  };
  const as = (letter: string, byte = 3) => ({ identity: identityOf(letter), publicKey: text(byte), proof });

  test("[GR34] admins see who waits, oldest first; an ordinary add lets in, and the request is gone", async () => {
    const { rig, desk } = await asking();
    expect(desk.request(as("e"))).toBe("waiting");
    rig.nowMs += 1;
    expect(desk.request(as("d"))).toBe("waiting");
    expect(desk.request(as("e"))).toBe("waiting");
    const shown = { publicKey: text(3), proof };
    const waiting = [
      { account: accountOf("e"), username: "e", requestedAtMs: startMs, ...shown },
      { account: accountOf("d"), username: "d", requestedAtMs: startMs + 1, ...shown },
    ];
    for (const admin of ["a", "b"]) expect(desk.waiting(accountOf(admin))).toEqual(waiting);
    expect(refusalOf(() => desk.waiting(accountOf("c")))).toBe("forbidden");
    expect([desk.stateOf(as("e")), desk.stateOf(as("f"))]).toEqual(["waiting", "none"]);
    await rig.change("b", createChange.add(accountOf("e")));
    expect(desk.waiting(accountOf("a"))).toEqual(waiting.slice(1));
    expect(rig.sql.all("SELECT account FROM join_requests")).toEqual([{ account: accountOf("d") }]);
  });

  test("[GR34] who was refused is told, and stays refused until there is another link", async () => {
    const { rig, desk } = await asking();
    desk.request(as("d"));
    expect(refusalOf(() => desk.refuse(accountOf("c"), accountOf("d")))).toBe("forbidden");
    desk.refuse(accountOf("b"), accountOf("d"));
    expect(refusalOf(() => desk.refuse(accountOf("b"), accountOf("d")))).toBe("not_found");
    expect([desk.stateOf(as("d")), desk.request(as("d")), desk.waiting(accountOf("a"))]).toEqual([
      "refused",
      "refused",
      [],
    ]);
    await rig.change("a", made({ publicKey: key(8), needsApproval: true }));
    expect(desk.request(as("d", 8))).toBe("waiting");
  });

  test("[GR34] where nobody has to be asked, and for who is in, there is nothing to ask", async () => {
    const { rig, desk } = await asking();
    expect(refusalOf(() => desk.request(as("c")))).toBe("forbidden");
    await rig.change("a", made());
    expect(refusalOf(() => desk.request(as("d")))).toBe("forbidden");
  });

  test("[GR35] requests are bounded, and end with their time and with their link", async () => {
    const { rig, desk } = await asking();
    for (let index = 0; index < limits.joinRequests; index += 1) {
      rig.nowMs += inviteCallRefillMs;
      expect(desk.request(as(String.fromCharCode(0x4e00 + index)))).toBe("waiting");
    }
    expect(refusalOf(() => desk.request(as("d")))).toBe("rate_limited");
    expect(desk.request(as(String.fromCharCode(0x4e00)))).toBe("waiting");
    rig.nowMs += limits.joinRequestMs + 1;
    expect(desk.waiting(accountOf("a"))).toEqual([]);
    expect(desk.request(as("d"))).toBe("waiting");
    await rig.change("a", createChange.remove(accountOf("c")));
    expect(desk.waiting(accountOf("a"))).toEqual([]);
    expect(rig.sql.all("SELECT account FROM join_requests")).toEqual([]);
  });

  test("[IN45] admins are told of the first request of an account, they and who asked of a refusal; of the rest nobody is", async () => {
    const told: Told[] = [];
    const { rig } = await asking();
    const desk = deskOf(rig, true, told);
    const admins = [accountOf("a"), accountOf("b")];
    desk.request(as("d"));
    expect(told.splice(0)).toEqual([[rig.id, admins]]);
    desk.request(as("d"));
    desk.waiting(accountOf("a"));
    expect(refusalOf(() => desk.refuse(accountOf("c"), accountOf("d")))).toBe("forbidden");
    expect(refusalOf(() => desk.request(as("c")))).toBe("forbidden");
    expect(told).toEqual([]);
    desk.refuse(accountOf("b"), accountOf("d"));
    expect(told.splice(0)).toEqual([[rig.id, [accountOf("d"), ...admins]]]);
    desk.request(as("d"));
    expect(refusalOf(() => desk.refuse(accountOf("b"), accountOf("d")))).toBe("not_found");
    expect(told).toEqual([]);
  });
});
