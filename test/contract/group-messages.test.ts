/** Which messages a group takes, in plain Node: epochs, sender keys, counting. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { expect, test } from "vitest";
import { createChange } from "../support/group-changes.ts";
import { deviceSet, settle } from "../support/conversation-rig.ts";
import type { FakeEvent, FakeSocket } from "../support/fake-socket.ts";
import { accountOf, GroupRig } from "../support/group-rig.ts";
import { newKeyId } from "../support/raw-group.ts";
import { rawMessage } from "../support/raw-frames.ts";

const cast = { a: ["owner", 2], b: ["member", 1], c: ["member", 1] } as const;
const { add, remove, leave, dissolve, deviceEpoch } = createChange;
const error = (code: string, more: object = {}) => ({
  code,
  message: expect.any(String),
  requestId: expect.any(String),
  ...more,
});
const addresses = (...names: readonly string[]) =>
  names.map((name) => ({ account: accountOf(name[0]!), device: Number(name.slice(1)) }));

/** What the socket heard; then it begins anew, so that nothing is held up behind what was refused (CV47). */
function takeAll(rig: GroupRig, socket: FakeSocket): FakeEvent[] {
  const events = socket.take();
  rig.receive(socket, { type: "conversation:resume", conversationId: rig.id, after: rig.room.state.lastSeq });
  socket.take();
  return events;
}

test("[GR5] a first message needs a capsule for every other device; later ones under the same key need none", async () => {
  const rig = await GroupRig.open(cast);
  const from = rig.socket(accountOf("a"), 1);
  const peer = rig.socket(accountOf("b"), 1);
  const keyId = newKeyId();
  const bare = rig.groupMessage(keyId);
  rig.turn(from, bare);
  expect(takeAll(rig, from)).toEqual([
    {
      type: "message:refused",
      conversationId: rig.id,
      clientMessageId: bare.clientMessageId,
      error: error("device_set_mismatch"),
      difference: { missing: addresses("a2", "b1", "c1"), extra: [], stale: [] },
    },
  ]);
  const first = rig.groupMessage(keyId, rig.others("a"));
  rig.turn(from, first, rig.groupMessage(keyId), rig.groupMessage(keyId));
  rig.wake();
  rig.turn(from, rig.groupMessage(keyId));
  expect(from.take().map(({ type, seq }) => [type, seq])).toEqual(
    [2, 3, 4, 5].map((seq) => ["message:ack", seq]),
  );
  const capsule = first.capsules.find(({ account }) => account === accountOf("b"))?.data;
  expect(peer.take().map((event) => event["capsule"])).toEqual([capsule, undefined, undefined, undefined]);
});

test("[GR5] a device that comes later is all that the next message needs a capsule for", async () => {
  const rig = await GroupRig.open(cast);
  const from = rig.socket(accountOf("a"), 1);
  const keyId = newKeyId();
  rig.turn(from, rig.groupMessage(keyId, rig.others("a")));
  rig.sets.set(accountOf("b"), deviceSet(accountOf("b"), [1, 2], 2));
  rig.room.applySet(deviceSet(accountOf("b"), [1, 2], 2));
  from.take();
  rig.turn(from, rig.groupMessage(keyId));
  expect(takeAll(rig, from)).toMatchObject([
    { difference: { missing: addresses("b2"), extra: [], stale: [] } },
  ]);
  rig.turn(from, rig.groupMessage(keyId, addresses("b2")), rig.groupMessage(keyId));
  expect(from.take()).toMatchObject([{ type: "message:ack" }, { type: "message:ack" }]);
});

test("[GR5] capsules for strangers, for the sending device and under old lists are refused with the difference", async () => {
  const rig = await GroupRig.open(cast);
  const from = rig.socket(accountOf("a"), 1);
  const wrong = rig.groupMessage(newKeyId(), [...rig.others("a"), ...addresses("z1", "a1")]);
  rig.turn(from, wrong);
  expect(from.take()).toMatchObject([
    { difference: { missing: [], extra: addresses("z1", "a1"), stale: [] } },
  ]);
  rig.room.applySet(deviceSet(accountOf("b"), [1], 2));
  from.take();
  rig.turn(from, rig.groupMessage(newKeyId(), rig.others("a")));
  expect(from.take()).toMatchObject([{ difference: { stale: [{ account: accountOf("b"), version: 2 }] } }]);
  rig.sets.set(accountOf("b"), deviceSet(accountOf("b"), [1], 3));
  rig.turn(from, rig.groupMessage(newKeyId(), rig.others("a")));
  expect(from.take()).toMatchObject([{ error: { code: "unavailable" } }]);
  await settle();
  expect(rig.room.state.members.get(accountOf("b"))?.listVersion).toBe(3);
  expect(rig.storedBodies()).toHaveLength(1);
});

test.each([
  ["a removal", () => remove(accountOf("c"))],
  ["a revoked device that its owner announces", () => deviceEpoch(2)],
])("[GR6] %s kills the sender keys in use and the epochs before it", async (_name, change) => {
  const rig = await GroupRig.open(cast);
  const from = rig.socket(accountOf("a"), 1);
  const keyId = newKeyId();
  const old = rig.groupMessage(keyId, rig.others("a"));
  rig.turn(from, old);
  await rig.change("a", change());
  from.take();
  const stale = rig.groupMessage(newKeyId(), rig.others("a"), 1);
  rig.turn(from, stale, rig.groupMessage(keyId, rig.others("a")), old);
  expect(takeAll(rig, from)).toMatchObject([
    { type: "message:refused", error: error("group_stale", { epoch: 2 }) },
    { type: "message:refused", error: error("sender_key_stale", { epoch: 2 }) },
    { type: "message:ack", seq: 2 },
  ]);
  rig.wake();
  rig.turn(from, rig.groupMessage(keyId));
  expect(takeAll(rig, from)).toMatchObject([{ error: error("sender_key_stale", { epoch: 2 }) }]);
  rig.turn(from, rig.groupMessage(newKeyId(), rig.others("a")));
  expect(from.take()).toMatchObject([{ type: "message:ack", seq: 4 }]);
});

test("[CV47] a key entry that is held up hands out nothing", async () => {
  const rig = await GroupRig.open(cast);
  const from = rig.socket(accountOf("a"), 1);
  const keyId = newKeyId();
  const first = rig.groupMessage(newKeyId(), rig.others("a"), 2);
  const entry = rig.keyEntry(keyId, rig.others("a"));
  rig.turn(from, first, entry);
  rig.turn(from, entry, rig.groupMessage(keyId));
  expect(from.take()).toMatchObject([
    { error: { code: "group_stale" } },
    { error: { code: "unavailable" } },
    { type: "message:ack", seq: 2 },
    { type: "message:ack", seq: 3 },
  ]);
  expect(rig.sql.all("SELECT 1 FROM sender_keys")).toHaveLength(1);
});

test("[GR6] a member that comes back cannot go on with the sender key from before", async () => {
  const rig = await GroupRig.open(cast);
  const keyId = newKeyId();
  rig.turn(rig.socket(accountOf("b"), 1), rig.groupMessage(keyId, rig.others("b")));
  await rig.change("a", remove(accountOf("b"), accountOf("c")));
  await rig.change("a", add(accountOf("b")));
  rig.wake();
  const back = rig.socket(accountOf("b"), 1);
  rig.turn(back, rig.groupMessage(keyId, rig.others("b")));
  expect(takeAll(rig, back)).toMatchObject([{ error: error("sender_key_stale", { epoch: 3 }) }]);
  rig.turn(back, rig.groupMessage(newKeyId(), rig.others("b")));
  expect(back.take()).toMatchObject([{ type: "message:ack", seq: 5 }]);
});

test("[GR6] a device that is no longer in its account's set kills them at once", async () => {
  const rig = await GroupRig.open({ ...cast, b: ["member", 2] });
  const from = rig.socket(accountOf("a"), 1);
  const keyId = newKeyId();
  rig.turn(from, rig.groupMessage(keyId, rig.others("a")));
  rig.sets.set(accountOf("b"), deviceSet(accountOf("b"), [1], 2));
  rig.room.applySet(deviceSet(accountOf("b"), [1], 2));
  from.take();
  rig.turn(from, rig.groupMessage(keyId));
  expect(takeAll(rig, from)).toMatchObject([{ error: error("sender_key_stale", { epoch: 1 }) }]);
  rig.turn(from, rig.groupMessage(newKeyId(), rig.others("a")));
  expect(from.take()).toMatchObject([{ type: "message:ack" }]);
});

test("[GR4] an epoch that does not exist yet is refused with the newest; older ones since the last rotation are not", async () => {
  const rig = await GroupRig.open(cast);
  const from = rig.socket(accountOf("a"), 1);
  const keyId = newKeyId();
  rig.turn(from, rig.groupMessage(keyId, rig.others("a")));
  rig.setDevices("d", 1);
  await rig.change("a", add(accountOf("d")));
  from.take();
  const before = rig.groupMessage(keyId, addresses("d1"), 1);
  rig.turn(from, before, rig.groupMessage(keyId, [], 3));
  expect(from.take()).toMatchObject([
    { type: "message:ack" },
    { type: "message:refused", error: error("group_stale", { epoch: 2 }) },
  ]);
});

test("[GR7] an entry that hands out a key may do so in parts, and is nobody's unread message", async () => {
  const rig = await GroupRig.open(cast);
  const from = rig.socket(accountOf("a"), 1);
  const keyId = newKeyId();
  rig.turn(from, rig.keyEntry(keyId, addresses("a2", "b1")), rig.keyEntry(keyId, addresses("c1")));
  rig.turn(from, rig.groupMessage(keyId));
  expect(from.take().map(({ type }) => type)).toEqual(["message:ack", "message:ack", "message:ack"]);
  const unread = () => ["a", "b", "c"].map((name) => rig.room.summaryFor(accountOf(name))?.unread);
  expect(unread()).toEqual([0, 1, 1]);
  rig.wake();
  expect(unread()).toEqual([0, 1, 1]);
});

test("[CV18] [GR7] unread counts content of others, however one reads, writes and wakes", async () => {
  const rig = await GroupRig.open(cast);
  const sockets = {
    a: rig.socket(accountOf("a"), 1),
    b: rig.socket(accountOf("b"), 1),
    c: rig.socket(accountOf("c"), 1),
  };
  const keys = { a: newKeyId(), b: newKeyId(), c: newKeyId() };
  const content: { seq: number; from: string }[] = [];
  const read = { a: 0, b: 0, c: 0 };
  const names = ["a", "b", "c"] as const;
  for (const name of names) {
    rig.turn(sockets[name], rig.keyEntry(keys[name], rig.others(name)));
  }
  for (let step = 0; step < 60; step += 1) {
    const name = names[(step * 7) % 3]!;
    if (step % 4 === 3) {
      read[name] = Math.max(read[name], Math.floor(rig.room.state.lastSeq * (step % 8 === 3 ? 1 : 0.6)));
      rig.turn(sockets[name], { type: "message:read", conversationId: rig.id, seq: read[name] });
    } else {
      rig.turn(sockets[name], rig.groupMessage(keys[name]));
      content.push({ seq: rig.room.state.lastSeq, from: name });
    }
    if (step % 10 === 9) await rig.alarm(60_000);
    if (step % 3 === 2) rig.wake();
    for (const each of names) {
      const expected = content.filter(({ seq, from }) => seq > read[each] && from !== each).length;
      expect([step, each, rig.room.summaryFor(accountOf(each))?.unread]).toEqual([step, each, expected]);
    }
  }
});

test("[CV7] a body of a direct conversation, of another group or of another message is malformed", async () => {
  const rig = await GroupRig.open(cast);
  const from = rig.socket(accountOf("a"), 1);
  const message = rig.groupMessage(newKeyId(), rig.others("a"));
  const direct = rawMessage(rig.id, rig.others("a"), rig.listsOf(rig.others("a")));
  const other = await GroupRig.open(cast);
  const foreign = other.groupMessage(newKeyId(), other.others("a"));
  for (const { body } of [direct, foreign, rig.groupMessage(newKeyId())])
    rig.turn(from, { ...message, body });
  rig.turn(from, { ...message, body: rig.created.operation });
  const cut = encodeBase64url(decodeBase64url(message.body).subarray(0, -4));
  rig.turn(from, { ...message, body: cut });
  const refused = from.take();
  expect(refused).toHaveLength(5);
  for (const refusal of refused) expect(refusal).toMatchObject({ error: error("malformed") });
  expect(rig.storedBodies()).toHaveLength(1);
});

test("[GR12] a dissolved group takes no message and no operation", async () => {
  const rig = await GroupRig.open(cast);
  const from = rig.socket(accountOf("a"), 1);
  await rig.change("a", dissolve);
  from.take();
  rig.turn(from, rig.groupMessage(newKeyId(), rig.others("a")));
  expect(from.take()).toMatchObject([{ error: error("forbidden") }]);
});

test("[CV16] a commit that fails leaves no key handed out", async () => {
  const rig = await GroupRig.open(cast);
  const from = rig.socket(accountOf("a"), 1);
  const keyId = newKeyId();
  rig.sql.failNextCommit();
  rig.turn(from, rig.groupMessage(keyId, rig.others("a")));
  expect(from.take()).toMatchObject([{ error: error("internal") }]);
  rig.turn(from, rig.groupMessage(keyId));
  expect(from.take()).toMatchObject([{ error: error("device_set_mismatch") }]);
});

test("[GR13] receipts of others are told as the two lowest, when those change", async () => {
  const rig = await GroupRig.open(cast);
  const sockets = ["a", "b", "c"].map((name) => rig.socket(accountOf(name), 1));
  const [a, b, c] = sockets;
  rig.turn(a!, rig.groupMessage(newKeyId(), rig.others("a")));
  for (const socket of sockets) socket.take();
  const delivered = { type: "message:delivered", conversationId: rig.id, seq: 2 };
  const low = (account: string, seq: number, next: number) => ({ account: accountOf(account), seq, next });
  rig.turn(b!, delivered);
  const own = { type: "receipt", conversationId: rig.id, account: accountOf("b"), delivered: 2, read: 0 };
  const first = {
    type: "receipt:low",
    conversationId: rig.id,
    delivered: low("a", 0, 0),
    read: low("a", 0, 0),
  };
  expect(sockets.map((socket) => socket.take())).toEqual([[first], [own, first], [first]]);
  rig.turn(c!, delivered);
  const second = { ...first, delivered: low("a", 0, 2) };
  expect(a!.take()).toEqual([second]);
  rig.receive(c!, { type: "conversation:resume", conversationId: rig.id, after: 2 });
  expect(c!.take().at(-1)).toMatchObject({
    low: second,
    receipts: [{ account: accountOf("c"), delivered: 2 }],
  });
});

test("[GR11] one typist is shown at a time, and nobody's inbox hears of one in a large group", async () => {
  const rig = await GroupRig.open(cast);
  const [a, b, c] = ["a", "b", "c"].map((name) => rig.socket(accountOf(name), 1));
  const typing = (type: string) => ({ type, conversationId: rig.id });
  rig.receive(a!, typing("typing:start"));
  rig.receive(b!, typing("typing:start"));
  rig.receive(b!, typing("typing:stop"));
  expect(c!.take()).toEqual([{ ...typing("typing:start"), account: accountOf("a") }]);
  rig.nowMs += 6_000;
  rig.receive(b!, typing("typing:start"));
  expect(c!.take()).toEqual([{ ...typing("typing:start"), account: accountOf("b") }]);
  expect(rig.typing.map(({ to }) => to)).toEqual([accountOf("a")]);
});

test("[GR14] a sender learns where its message is, and nobody else does", async () => {
  const rig = await GroupRig.open(cast);
  const [a, b, c] = ["a", "b", "c"].map((name) => rig.socket(accountOf(name), 1));
  rig.turn(a!, rig.groupMessage(newKeyId(), rig.others("a")));
  rig.turn(b!, { type: "message:read", conversationId: rig.id, seq: 2 });
  rig.turn(c!, { type: "message:delivered", conversationId: rig.id, seq: 2 });
  rig.room.applySet(deviceSet(accountOf("c"), [1, 2], 2));
  rig.turn(rig.socket(accountOf("c"), 2), { type: "message:delivered", conversationId: rig.id, seq: 2 });
  expect(rig.deliveryOf("a", 2)).toEqual({
    devices: 3,
    acknowledged: 1,
    members: [
      { account: accountOf("b"), delivered: false, read: true },
      { account: accountOf("c"), delivered: true, read: false },
    ],
  });
  expect([rig.deliveryOf("b", 2), rig.deliveryOf("a", 1), rig.deliveryOf("a", 9)]).toEqual([
    "not_found",
    "not_found",
    "not_found",
  ]);
});

test("[GR15] messages whose capsules expire undelivered, and those that devices give up on, are counted and reported", async () => {
  const rig = await GroupRig.open(cast);
  const from = rig.socket(accountOf("a"), 1);
  const keyId = newKeyId();
  rig.turn(from, rig.groupMessage(keyId, rig.others("a")), rig.groupMessage(keyId));
  rig.room.undecryptable(3);
  expect(rig.losses).toEqual([{ lost: 0, undecryptable: 3 }]);
  await rig.alarm(46 * 86_400_000);
  await rig.alarm(60_000);
  expect(rig.losses).toEqual([
    { lost: 0, undecryptable: 3 },
    { lost: 1, undecryptable: 0 },
  ]);
  expect(rig.archive.losses.at(-1)).toEqual({ lost: 1, undecryptable: 3 });
});

test("[GR9] who has left is refused, and told so until the inbox has confirmed", async () => {
  const rig = await GroupRig.open(cast);
  const gone = rig.socket(accountOf("c"), 1);
  rig.isInboxDown = true;
  await rig.change("c", leave);
  expect(gone.closedFor).toBe("forbidden");
  await settle();
  rig.wake();
  rig.isInboxDown = false;
  expect(rig.departed).toEqual([]);
  await rig.alarm(60_000);
  await rig.alarm(60_000);
  expect(rig.departed).toEqual([{ account: accountOf("c"), epoch: 2 }]);
});
