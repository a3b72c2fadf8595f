/** Operations of a group in plain Node: who may do what, in which order, and what that means for those who come and go. */
import { describe, expect, test } from "vitest";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import type { GroupChange } from "#schema/envelope/group-change.ts";
import { historyPage } from "#durable-objects/conversation/history.ts";
import { operationPage } from "#durable-objects/conversation/ledger.ts";
import { createChange } from "../support/group-changes.ts";
import { deviceSet, settle, startMs } from "../support/conversation-rig.ts";
import { accountOf, GroupRig, identityOf } from "../support/group-rig.ts";
import { createOperation, newKeyId, operationOn } from "../support/raw-group.ts";

const cast = { a: ["owner", 2], b: ["admin", 1], c: ["member", 1] } as const;
const { add, remove, role, settings, leave, dissolve } = createChange;

async function refusalOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return "accepted";
  } catch (error) {
    if (!(error instanceof SottoError)) throw error;
    return error.epoch === undefined ? error.kind : [error.kind, error.epoch];
  }
}

const membersOf = (rig: GroupRig): string[] =>
  rig.sql
    .all<{ account: string; role: number; joined: number }>(
      "SELECT account, role, joined_seq AS joined FROM members ORDER BY account",
    )
    .map(({ account, role: code, joined }) => `${account[0]}${code} from ${joined}`);

describe("creating", () => {
  test("[GR1] the first operation is the first entry of the log, and everyone's inbox hears of it", async () => {
    const rig = await GroupRig.open(cast);
    await settle();
    expect(rig.storedBodies()).toEqual([rig.created.operation]);
    expect(membersOf(rig)).toEqual(["a3 from 1", "b2 from 1", "c1 from 1"]);
    expect(
      rig.notices.map(({ account, input }) => [account[0], input.lastSeq, input.unread, input.group]),
    ).toEqual(["a", "b", "c"].map((name) => [name, 1, 0, { epoch: 1, members: 3, joinedEpoch: 1 }]));
    expect(rig.room.summaryFor(accountOf("b"))).toEqual({
      conversationId: rig.id,
      kind: "group",
      group: { epoch: 1, members: 3, left: false },
      createdAtMs: startMs,
      lastSeq: 1,
      read: 0,
      unread: 0,
      updatedAtMs: startMs,
    });
  });

  test("[GR1] the same operation confirms the group; another one under its id is refused", async () => {
    const rig = await GroupRig.open(cast);
    expect(await refusalOf(rig.create(rig.created.operation, "a"))).toBe("accepted");
    const otherSignature = `${rig.created.operation.slice(0, -20)}${"A".repeat(20)}`;
    expect(await refusalOf(rig.create(otherSignature, "a"))).toEqual(["group_conflict", 1]);
    expect(rig.storedBodies()).toEqual([rig.created.operation]);
  });

  test("[GR3] a group by a device that is not in its account's set is refused", async () => {
    const rig = await GroupRig.open(cast);
    const other = createOperation({ account: accountOf("a"), device: 3 }, { [accountOf("a")]: "owner" });
    for (const table of ["conversation", "members", "devices", "log"]) rig.sql.all(`DELETE FROM ${table}`);
    rig.head = other.head;
    expect(await refusalOf(rig.create(other.operation, "a", 3))).toBe("forbidden");
  });

  test.each([
    ["by someone else than its actor", "b", (operation: string) => operation],
    [
      "under another group's id",
      "a",
      () => createOperation({ account: accountOf("a"), device: 1 }, { [accountOf("a")]: "owner" }).operation,
    ],
  ])("[GR3] a group %s is malformed", async (_name, actor, spoil) => {
    const rig = await GroupRig.open(cast);
    expect(await refusalOf(rig.create(spoil(rig.created.operation), actor))).toBe("malformed");
  });
});

describe("changing", () => {
  test("[GR3] a device that left its account's set while its operation was on the way changes nothing", async () => {
    const rig = await GroupRig.open(cast);
    const { operation } = rig.operation("a", settings(7), 2);
    const revoke = () => rig.room.applySet(deviceSet(accountOf("a"), [1], 2));
    const posted = rig.room.group.post({ identity: identityOf("a", 2), operation });
    revoke();
    expect(await refusalOf(posted)).toBe("forbidden");
    expect(await refusalOf(rig.room.group.post({ identity: identityOf("a", 2), operation }))).toBe(
      "forbidden",
    );
    expect(rig.storedBodies()).toHaveLength(1);
    expect(await rig.change("a", settings(7))).toEqual({ epoch: 2, seq: 2 });
  });

  test("[GR2] an operation gets the next place in the log, after what waits, and reaches every live socket", async () => {
    const rig = await GroupRig.open(cast);
    const sockets = ["a", "b"].map((name) => rig.socket(accountOf(name), 1));
    const message = rig.groupMessage(newKeyId(), rig.others("a"));
    rig.receive(sockets[0]!, message);
    const { operation, head } = rig.operation("b", settings(7));
    const answer = await rig.room.group.post({ identity: identityOf("b"), operation });
    expect(answer).toEqual({ epoch: 2, seq: 3 });
    expect(rig.storedBodies()).toEqual([rig.created.operation, message.body, operation]);
    const entry = {
      type: "message:new",
      conversationId: rig.id,
      seq: 3,
      sender: { account: accountOf("b"), device: 1 },
      clientMessageId: encodeBase64url(head.opHash.slice(0, 16)),
      serverTimeMs: startMs,
      body: operation,
    };
    expect(sockets.map((socket) => socket.take().at(-1))).toEqual([entry, entry]);
    rig.wake();
    expect(await rig.room.group.post({ identity: identityOf("b"), operation })).toEqual({ epoch: 2, seq: 3 });
    expect(rig.storedBodies()).toHaveLength(3);
  });

  test("[GR2] of two operations at once one is accepted, the other one is told the newest epoch", async () => {
    const rig = await GroupRig.open(cast);
    rig.setDevices("d", 1);
    rig.setDevices("e", 1);
    const first = rig.operation("a", add(accountOf("d")));
    const second = rig.operation("b", add(accountOf("e")));
    const results = await Promise.all([
      refusalOf(rig.room.group.post({ identity: identityOf("a"), operation: first.operation })),
      refusalOf(rig.room.group.post({ identity: identityOf("b"), operation: second.operation })),
    ]);
    // Signatures are checked side by side: whoever's is done first is first.
    const isFirst = results[0] === "accepted";
    expect(isFirst ? results : results.toReversed()).toEqual(["accepted", ["group_conflict", 2]]);
    const [winner, added, late] = isFirst ? [first, "d", "e"] : [second, "e", "d"];
    expect(membersOf(rig)).toEqual(["a3 from 1", "b2 from 1", "c1 from 1", `${added}1 from 2`]);
    rig.head = winner.head;
    expect(await rig.change("b", add(accountOf(late)))).toEqual({ epoch: 3, seq: 3 });
  });

  test("[GR2] a commit that fails changes nothing, and the operation can be sent again", async () => {
    const rig = await GroupRig.open(cast);
    const { operation } = rig.operation("a", remove(accountOf("c")));
    rig.sql.failNextCommit();
    await expect(rig.room.group.post({ identity: identityOf("a"), operation })).rejects.toThrow("disk full");
    expect([rig.room.state.epoch, rig.room.state.members.size, rig.storedBodies().length]).toEqual([1, 3, 1]);
    expect(await rig.room.group.post({ identity: identityOf("a"), operation })).toEqual({ epoch: 2, seq: 2 });
  });

  const forced = (actor: string, change: GroupChange) => (rig: GroupRig) => {
    const claimed = new Uint8Array(32).fill(1);
    return operationOn(rig.head, { account: accountOf(actor), device: 1 }, change, claimed).operation;
  };
  test.each([
    ["a member adds someone", "c", forced("c", add(accountOf("d"))), "forbidden"],
    ["an admin removes the owner", "b", forced("b", remove(accountOf("a"))), "forbidden"],
    ["an admin changes roles", "b", forced("b", role(accountOf("c"), "admin")), "forbidden"],
    ["someone is added who is in", "a", forced("a", add(accountOf("b"))), "forbidden"],
    ["someone is removed who is not in", "a", forced("a", remove(accountOf("d"))), "forbidden"],
    ["the result is another than claimed", "a", forced("a", settings(9)), "malformed"],
    ["an operation is another device's", "b", forced("a", settings(9)), "malformed"],
    ["a stranger asks", "z", forced("z", leave), "not_found"],
  ])("[GR3] when %s, nothing changes", async (_name, actor, operation, kind) => {
    const rig = await GroupRig.open(cast);
    rig.setDevices("d", 1);
    const post = rig.room.group.post({ identity: identityOf(actor), operation: operation(rig) });
    expect(await refusalOf(post)).toEqual(kind);
    expect([rig.room.state.epoch, membersOf(rig), rig.storedBodies().length, rig.registered]).toEqual([
      1,
      ["a3 from 1", "b2 from 1", "c1 from 1"],
      1,
      [],
    ]);
  });

  test("[GR3] the chain goes on after the object woke: roles, invite and settings are remembered", async () => {
    const rig = await GroupRig.open(cast);
    await rig.change("a", role(accountOf("c"), "admin"));
    rig.wake();
    const terms = { needsApproval: true, expiresAtMs: 9, sealed: new Uint8Array(152).fill(4) };
    await rig.change("c", { type: "invite", invite: { publicKey: new Uint8Array(32).fill(3), ...terms } });
    rig.wake();
    await rig.change("c", settings(5));
    rig.wake();
    expect(rig.room.state.head).toEqual(rig.head);
    await rig.change("a", dissolve);
    rig.wake();
    expect(
      await refusalOf(
        rig.change("a", settings(6)).catch(() =>
          rig.room.group.post({
            identity: identityOf("a"),
            operation: forced("a", settings(6))(rig),
          }),
        ),
      ),
    ).toBe("forbidden");
  });

  test("[GR16] the chain is handed out in pages", async () => {
    const rig = await GroupRig.open(cast);
    for (const byte of [1, 2, 3]) await rig.change("a", settings(byte));
    const { operations, more } = operationPage(rig.groupStore, 1, 2);
    expect([operations.map(({ epoch, seq }) => [epoch, seq]), more]).toEqual([
      [
        [2, 2],
        [3, 3],
      ],
      true,
    ]);
    expect(operationPage(rig.groupStore, 3, 2)).toMatchObject({ operations: [{ epoch: 4 }], more: false });
  });
});

describe("coming and going", () => {
  test("[GR8] who is added reads from the operation on, and nothing before it", async () => {
    const rig = await GroupRig.open(cast);
    const from = rig.socket(accountOf("a"), 1);
    const keyId = newKeyId();
    rig.turn(from, rig.groupMessage(keyId, rig.others("a")), rig.groupMessage(keyId));
    rig.setDevices("d", 1);
    await rig.change("a", add(accountOf("d")));
    rig.turn(from, rig.groupMessage(keyId, [{ account: accountOf("d"), device: 1 }]));
    expect(rig.registered).toEqual([accountOf("d")]);
    const comer = rig.socket(accountOf("d"), 1, false);
    for (const after of [0, 3]) {
      rig.receive(comer, { type: "conversation:resume", conversationId: rig.id, after });
      expect(comer.take().map(({ type, seq }) => [type, seq])).toEqual([
        ["message:new", 4],
        ["message:new", 5],
        ["conversation:resumed", undefined],
      ]);
    }
    const member = rig.room.state.members.get(accountOf("d"))!;
    const page = (range: object) =>
      historyPage(rig.room.state, rig.store, member, { identity: identityOf("d"), limit: 50, ...range });
    for (const range of [{}, { after: 0 }, { before: 6 }]) {
      const { messages, more, archive } = page(range);
      expect([messages.map(({ seq }) => seq), more, archive]).toEqual([
        [4, 5],
        false,
        { shard: 0, after: 3, upTo: 3 },
      ]);
    }
    expect(page({ before: 4 }).messages).toEqual([]);
    expect(rig.room.summaryFor(accountOf("d"))).toMatchObject({ read: 3, unread: 1, lastSeq: 5 });
    await settle();
    const told = rig.notices.filter(({ account }) => account === accountOf("d")).at(-1)?.input;
    expect(told?.messages.map(({ record }) => record.seq)).toEqual([4]);
  });

  test("[GR8] a device that someone gets while coming in is not forgotten", async () => {
    const rig = await GroupRig.open(cast);
    rig.setDevices("d", 1);
    let wasExpected = false;
    rig.onRegister = (account) => (wasExpected = rig.arrivals.keep(deviceSet(account, [1, 2], 2)));
    await rig.change("a", add(accountOf("d")));
    expect(rig.arrivals.keep(deviceSet(accountOf("d"), [1], 3))).toBe(false);
    const devices = [...(rig.room.state.members.get(accountOf("d"))?.devices.keys() ?? [])];
    expect([wasExpected, devices]).toEqual([true, [1, 2]]);
    rig.wake();
    expect([...(rig.room.state.members.get(accountOf("d"))?.devices.keys() ?? [])]).toEqual([1, 2]);
  });

  test("[GR9] who is removed sees the operation, then every socket of theirs ends and nothing is answered", async () => {
    const rig = await GroupRig.open(cast);
    const [gone, peer] = [rig.socket(accountOf("c"), 1), rig.socket(accountOf("b"), 1)];
    await rig.change("a", remove(accountOf("c")));
    expect([gone.take().map(({ type }) => type), gone.closedFor]).toEqual([["message:new"], "forbidden"]);
    expect([...rig.roster.sockets].includes(gone)).toBe(false);
    expect(peer.take().map(({ type }) => type)).toEqual(["message:new"]);
    rig.receive(gone, { type: "conversation:resume", conversationId: rig.id, after: 0 });
    expect(gone.take()).toEqual([]);
    await settle();
    expect(rig.departed).toEqual([{ account: accountOf("c"), epoch: 2 }]);
    expect(rig.room.summaryFor(accountOf("c"))).toBeUndefined();
    const { operation } = rig.operation("a", settings(2));
    expect(await refusalOf(rig.room.group.post({ identity: identityOf("c"), operation }))).toBe("malformed");
    await expect(
      Promise.resolve().then(() => rig.room.core.receiptsFor(accountOf("c"), 1, 1, 1)),
    ).rejects.toMatchObject({
      kind: "not_found",
    });
  });

  test("[GR9] who comes back starts anew at the operation that brings them in", async () => {
    const rig = await GroupRig.open(cast);
    const from = rig.socket(accountOf("a"), 1);
    await rig.change("a", remove(accountOf("c")));
    rig.turn(from, rig.groupMessage(newKeyId(), rig.others("a")));
    await rig.change("a", add(accountOf("c")));
    await settle();
    expect(rig.room.summaryFor(accountOf("c"))).toMatchObject({ read: 3, unread: 0, lastSeq: 4 });
    expect(rig.notices.at(-1)?.input.group).toEqual({ epoch: 3, members: 3, joinedEpoch: 3 });
    rig.wake();
    rig.turn(from, rig.groupMessage(newKeyId(), rig.others("a")));
    expect(rig.room.summaryFor(accountOf("c"))).toMatchObject({ unread: 1 });
  });

  test("[GR9] when the last owner leaves, the one who takes over may do what owners do", async () => {
    const rig = await GroupRig.open(cast);
    await rig.change("a", leave);
    rig.wake();
    expect(membersOf(rig)).toEqual(["b3 from 1", "c1 from 1"]);
    expect(await rig.change("b", role(accountOf("c"), "admin"))).toEqual({ epoch: 3, seq: 3 });
  });
});
