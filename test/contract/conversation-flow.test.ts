/** Receipts, resuming, fan-out, archive and sweeping of the conversation in plain Node. */
import { describe, expect, test } from "vitest";
import { limits } from "#schema/limits.ts";
import {
  anna,
  ben,
  conversationId,
  ConversationRig,
  deviceSet,
  settle,
} from "../support/conversation-rig.ts";

const delivered = (seq: number) => ({ type: "message:delivered", conversationId, seq });
const read = (seq: number) => ({ type: "message:read", conversationId, seq });
const resume = (after: number) => ({ type: "conversation:resume", conversationId, after });
const receipt = (account: string, to: { delivered: number; read: number }) => ({
  type: "receipt",
  conversationId,
  account,
  ...to,
});

function rigWithMessages(count: number): ConversationRig {
  const rig = new ConversationRig();
  const from = rig.socket(anna, 1, false);
  for (let sent = 0; sent < count; sent += 1) {
    if (sent % limits.messageBurst === 0)
      rig.nowMs += (limits.messageBurst / limits.messagesPerSecond) * 1000;
    rig.receive(from, rig.message(anna, 1));
    rig.flush();
  }
  rig.roster.sockets.clear();
  return rig;
}

describe("receipts", () => {
  test("[CV9] watermarks move forward only, and one flush tells each account once", () => {
    const rig = rigWithMessages(3);
    const a = rig.socket(anna, 1);
    const b = rig.socket(ben, 1);
    rig.turn(b, delivered(2), delivered(1), read(1), delivered(3));
    expect(a.take()).toEqual([receipt(ben, { delivered: 3, read: 1 })]);
    expect(b.take()).toEqual([receipt(ben, { delivered: 3, read: 1 })]);
    rig.turn(b, delivered(1), read(1));
    expect(a.take()).toEqual([]);
    rig.wake();
    expect(rig.room.state.members.get(ben)?.watermarks).toEqual({ account: ben, delivered: 3, read: 1 });
  });

  test("[CV9] a watermark beyond the last message is malformed and moves nothing", () => {
    const rig = rigWithMessages(1);
    const b = rig.socket(ben, 1);
    rig.turn(b, delivered(2));
    expect(b.take()).toMatchObject([{ type: "error", error: { code: "malformed" } }]);
    expect(rig.room.state.members.get(ben)?.delivered).toBe(0);
  });

  test("[CV10] an account has what its furthest device has", () => {
    const rig = rigWithMessages(3);
    const b = rig.socket(ben, 1);
    rig.turn(rig.socket(anna, 2), delivered(3));
    rig.turn(rig.socket(anna, 1), delivered(1));
    expect(b.take()).toEqual([receipt(anna, { delivered: 3, read: 0 })]);
  });

  test("[CV18] unread counts the others' messages after the read watermark, up to the limit", () => {
    const rig = rigWithMessages(4);
    rig.turn(rig.socket(ben, 1, false), rig.message(ben, 1));
    rig.turn(rig.socket(ben, 1, false), read(1));
    rig.wake();
    const unread = (account: typeof anna) => rig.room.summaryFor(account)?.unread;
    expect([unread(anna), unread(ben)]).toEqual([1, 3]);
    rig.room.state.lastSeq += 5_000;
    expect(unread(ben)).toBe(limits.unreadMax);
  });
});

describe("resuming", () => {
  test("[CV11] a socket gets what it missed, then the watermarks, and only then live events", () => {
    const rig = rigWithMessages(3);
    const b = rig.socket(ben, 1, false);
    rig.turn(rig.socket(anna, 2, false), rig.message(anna, 2));
    expect(b.take()).toEqual([]);
    rig.receive(b, resume(1));
    const events = b.take();
    expect(events.map(({ type, seq }) => [type, seq])).toEqual([
      ["message:new", 2],
      ["message:new", 3],
      ["message:new", 4],
      ["conversation:resumed", undefined],
    ]);
    expect(events.every(({ type, capsule }) => type !== "message:new" || typeof capsule === "string")).toBe(
      true,
    );
    expect(events.at(-1)).toEqual({
      type: "conversation:resumed",
      conversationId,
      lastSeq: 4,
      more: false,
      receipts: [receipt(anna, { delivered: 0, read: 0 }), receipt(ben, { delivered: 0, read: 0 })],
    });
    rig.turn(rig.socket(anna, 1, false), rig.message(anna, 1));
    expect(b.take()).toMatchObject([{ type: "message:new", seq: 5 }]);
  });

  test("[CV11] a message queued before a resume comes after it, once", () => {
    const rig = rigWithMessages(1);
    const b = rig.socket(ben, 1, false);
    rig.receive(rig.socket(anna, 1, false), rig.message(anna, 1));
    rig.receive(b, resume(0));
    rig.flush();
    expect(b.take().map(({ type, seq }) => [type, seq])).toEqual([
      ["message:new", 1],
      ["conversation:resumed", undefined],
      ["message:new", 2],
    ]);
  });

  test("[CV12] more than one resume holds says so, and the socket is not live until the last", () => {
    const rig = rigWithMessages(limits.resumeMessages + 1);
    const b = rig.socket(ben, 1, false);
    rig.receive(b, resume(0));
    expect(b.frames.length).toBeLessThan(limits.resumeMessages / 10);
    expect(b.take().at(-1)).toMatchObject({ more: true, lastSeq: limits.resumeMessages + 1 });
    expect(b.isLive).toBe(false);
    rig.receive(b, resume(limits.resumeMessages));
    expect(b.take()).toMatchObject([{ type: "message:new" }, { type: "conversation:resumed", more: false }]);
    expect(b.isLive).toBe(true);
  });

  test("[CV13] typing reaches the other account's live sockets alone and is stored nowhere", () => {
    const rig = new ConversationRig();
    const sockets = [rig.socket(anna, 1), rig.socket(anna, 2), rig.socket(ben, 1)];
    rig.turn(sockets[0]!, { type: "typing:start", conversationId });
    const typing = { type: "typing:start", conversationId, account: anna };
    expect(sockets.map((socket) => socket.take())).toEqual([[], [], [typing]]);
    expect([rig.flushesDue, rig.alarmsSet]).toEqual([0, []]);
  });
});

describe("telling inboxes", () => {
  test("[IN3] a member learns of messages with its own capsules, unless all its devices have them", async () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    rig.socket(anna, 2);
    const message = rig.message(anna, 1);
    rig.turn(from, message);
    await settle();
    expect(
      rig.notices.map(({ account, input }) => [account, input.messages.length, input.liveDevices]),
    ).toEqual([
      [anna, 0, [1, 2]],
      [ben, 1, []],
    ]);
    expect(rig.notices[1]?.input).toMatchObject({
      lastSeq: 1,
      read: 0,
      unread: 1,
      messages: [{ record: { body: message.body }, capsules: { 1: message.capsules[1]?.data } }],
    });
    expect(Object.keys(rig.notices[1]?.input.messages[0]?.capsules ?? {})).toEqual(["1"]);
  });

  test("[IN3] the first message of a burst is told at once, the others together a little later", async () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    rig.turn(from, rig.message(anna, 1));
    await settle();
    rig.nowMs += 20;
    for (let sent = 0; sent < 3; sent += 1) rig.turn(from, rig.message(anna, 1));
    await settle();
    const toBen = rig.notices.filter(({ account }) => account === ben);
    expect(toBen.map(({ input }) => [input.lastSeq, input.messages.length])).toEqual([
      [1, 1],
      [4, 3],
    ]);
    expect(rig.pauses).toEqual([30]);
  });

  test("[IN3] while a burst goes on the rounds become rarer, up to 0.8 s; after it the next message is told at once", async () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    rig.turn(from, rig.message(anna, 1));
    await settle();
    for (let round = 0; round < 7; round += 1) {
      rig.turn(from, rig.message(anna, 1));
      await settle();
      rig.nowMs += rig.pauses.at(-1) ?? 0;
    }
    expect(rig.pauses).toEqual([50, 100, 200, 400, 800, 800, 800]);
    rig.nowMs += 800;
    rig.turn(from, rig.message(anna, 1));
    await settle();
    rig.nowMs += 20;
    rig.turn(from, rig.message(anna, 1));
    await settle();
    expect(rig.pauses.slice(7)).toEqual([30]);
    const toBen = rig.notices.filter(({ account }) => account === ben);
    expect(toBen.map(({ input }) => input.lastSeq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test("[IN3] what all its devices have on screen, and watermarks, a member's inbox is told with patience", async () => {
    const rig = new ConversationRig({ anna: [1], ben: [1] });
    const [from, peer] = [rig.socket(anna, 1), rig.socket(ben, 1)];
    rig.turn(from, rig.message(anna, 1));
    await settle();
    rig.notices.length = 0;
    rig.pauses.length = 0;
    rig.nowMs += 10_000;
    rig.turn(from, rig.message(anna, 1));
    rig.turn(peer, delivered(2), read(2));
    await settle();
    expect([rig.notices, rig.pauses]).toEqual([[], []]);
    await rig.alarm(2_000);
    expect(rig.notices.map(({ account, input }) => [account, input.lastSeq, input.read])).toEqual([
      [anna, 2, 0],
      [ben, 2, 2],
    ]);
  });

  test("[IN8] what an inbox has not confirmed is told again from the alarm, also after waking", async () => {
    const rig = new ConversationRig();
    rig.isInboxDown = true;
    rig.turn(rig.socket(anna, 1), rig.message(anna, 1));
    await rig.alarm(5_000);
    expect(rig.notices).toEqual([]);
    rig.wake();
    rig.isInboxDown = false;
    await rig.alarm(5_000);
    expect(rig.notices.map(({ account, input }) => [account, input.lastSeq])).toEqual([
      [anna, 1],
      [ben, 1],
    ]);
    await rig.alarm(60_000);
    expect([rig.notices.length, rig.alarms.isPending("fan_out")]).toEqual([2, false]);
  });

  test("[CV17] a new device set reaches live sockets and both inboxes; an older one changes nothing", async () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    rig.room.applySet(deviceSet(ben, [1, 2], 3));
    rig.room.applySet(deviceSet(ben, [1], 2));
    await settle();
    expect(from.take()).toEqual([{ type: "devices:changed", account: ben, version: 3 }]);
    expect(rig.room.state.recipients.has(`${ben}.2`)).toBe(true);
    const toAnna = rig.notices.filter(({ account }) => account === anna);
    expect(toAnna.map(({ input }) => input.peerSet)).toEqual([{ epoch: 3, version: 3 }]);
  });
});

describe("timed work", () => {
  test("[AR1] every message is copied once, in order, and a drained log is left alone", async () => {
    const rig = rigWithMessages(1_200);
    await rig.alarm(2_000);
    expect([...rig.archive.rows.keys()]).toEqual(Array.from({ length: 1_200 }, (_, index) => index + 1));
    expect([rig.archive.writes, rig.store.load()?.record.archivedSeq]).toEqual([3, 1_200]);
    await rig.alarm(2_000);
    expect(rig.archive.writes).toBe(3);
  });

  test("[AR1] what comes while a batch that was not full is written waits for the next alarm", async () => {
    const rig = rigWithMessages(2);
    const from = rig.socket(anna, 1);
    rig.archive.onWrite = () => rig.turn(from, rig.message(anna, 1));
    await rig.alarm(2_000);
    expect([[...rig.archive.rows.keys()], rig.archive.writes]).toEqual([[1, 2], 1]);
    rig.archive.onWrite = undefined;
    await rig.alarm(2_000);
    expect([[...rig.archive.rows.keys()], rig.archive.writes]).toEqual([[1, 2, 3], 2]);
  });

  test("[AR2] a failing archive loses nothing and stops nobody", async () => {
    const rig = rigWithMessages(2);
    rig.archive.isDown = true;
    await rig.alarm(2_000);
    const from = rig.socket(anna, 1);
    rig.turn(from, rig.message(anna, 1));
    expect(from.take()).toMatchObject([{ type: "message:ack", seq: 3 }]);
    rig.archive.isDown = false;
    await rig.alarm(10_000);
    expect([...rig.archive.rows.keys()]).toEqual([1, 2, 3]);
  });

  test("[AR3] a write whose answer was lost is written again and stays one row each", async () => {
    const rig = rigWithMessages(2);
    rig.archive.losesAnswer = true;
    await rig.alarm(2_000);
    expect(rig.store.load()?.record.archivedSeq).toBe(0);
    rig.archive.losesAnswer = false;
    await rig.alarm(10_000);
    expect([rig.archive.writes, rig.archive.rows.size, rig.store.load()?.record.archivedSeq]).toEqual([
      2, 2, 2,
    ]);
  });

  test("[CV14] capsules go once every device has the message, and bodies stay", async () => {
    const rig = rigWithMessages(2);
    rig.turn(rig.socket(anna, 1), delivered(2));
    rig.turn(rig.socket(anna, 2), delivered(2));
    rig.turn(rig.socket(ben, 1), delivered(1));
    await rig.alarm(60_000);
    const page = rig.store.page({ after: 0, limit: 9, capsulesOf: `${ben}.1` });
    expect(page.map(({ seq, capsule, body }) => [seq, capsule === null, body.length > 0])).toEqual([
      [1, true, true],
      [2, false, true],
    ]);
  });

  test("[CV14] capsules that waited too long for a device go too", async () => {
    const rig = rigWithMessages(1);
    await rig.alarm(limits.capsuleAgeMs + 60_000);
    expect(rig.store.page({ after: 0, limit: 9, capsulesOf: `${ben}.1` })[0]?.capsule).toBeNull();
  });
});
