/** The conversation core in plain Node. What only real sockets and real hibernation show is in test/edge. */
import { describe, expect, test } from "vitest";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { concat } from "#schema/envelope/bytes.ts";
import { limits } from "#schema/limits.ts";
import { rawCapsule } from "../support/raw-frames.ts";
import { sendFrame } from "../support/up-frames.ts";
import {
  anna,
  ben,
  conversationId,
  ConversationRig,
  deviceSet,
  settle,
  startMs,
} from "../support/conversation-rig.ts";

const error = (code: string) => ({ code, message: expect.any(String), requestId: expect.any(String) });

describe("accepting", () => {
  test("[CV2] messages that arrive together are ordered, stored and acknowledged in one frame per socket", () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    const other = rig.socket(anna, 2);
    const peer = rig.socket(ben, 1);
    const messages = [rig.message(anna, 1), rig.message(anna, 1), rig.message(anna, 1)];
    for (const message of messages) rig.receive(from, message);
    expect([rig.flushesDue, rig.storedBodies(), from.frames]).toEqual([1, [], []]);
    rig.flush();
    expect(rig.storedBodies()).toEqual(messages.map(({ body }) => body));
    expect([from.frames.length, other.frames.length, peer.frames.length]).toEqual([1, 1, 1]);
    expect(from.take().map(({ type, seq }) => [type, seq])).toEqual(
      [1, 2, 3].map((seq) => ["message:ack", seq]),
    );
    expect(peer.take()).toEqual(
      messages.map((message, index) => ({
        type: "message:new",
        conversationId,
        seq: index + 1,
        sender: { account: anna, device: 1 },
        clientMessageId: message.clientMessageId,
        serverTimeMs: startMs,
        body: message.body,
        capsule: message.capsules.find(({ account }) => account === ben)?.data,
      })),
    );
    const toOther = messages.map(({ capsules }) => capsules.find(({ account }) => account === anna)?.data);
    expect(other.take().map(({ capsule }) => capsule)).toEqual(toOther);
  });

  test("[CV46] the messages of one frame are taken in order, each answered for itself, and a refused one spoils no other", () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    const peer = rig.socket(ben, 1);
    const [first, second, other] = [rig.message(anna, 1), rig.message(anna, 1), rig.message(anna, 1)];
    const foreign = { ...rig.message(anna, 1), body: other.body };
    rig.receive(from, { type: "batch", events: [first, foreign, second] });
    rig.flush();
    expect(rig.storedBodies()).toEqual([first.body, second.body]);
    expect(from.take().map((event) => [event.type, event["seq"] ?? event["error"]])).toEqual([
      ["message:refused", error("malformed")],
      ["message:ack", 1],
      ["message:ack", 2],
    ]);
    expect(peer.take().map(({ type, seq }) => [type, seq])).toEqual([
      ["message:new", 1],
      ["message:new", 2],
    ]);
  });

  test("[CV2] sockets that get the same events and sockets that differ see one order", () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    const sameAccount = rig.socket(anna, 2);
    const peer = rig.socket(ben, 1);
    rig.receive(from, rig.message(anna, 1));
    rig.receive(peer, { type: "message:delivered", conversationId, seq: 0 });
    rig.receive(sameAccount, rig.message(anna, 2));
    rig.flush();
    const order = (socket: typeof from): unknown => socket.take().map(({ type, seq }) => [type, seq]);
    expect([order(from), order(sameAccount), order(peer)]).toEqual([
      [
        ["message:ack", 1],
        ["message:new", 2],
      ],
      [
        ["message:new", 1],
        ["message:ack", 2],
      ],
      [
        ["message:new", 1],
        ["message:new", 2],
      ],
    ]);
  });

  test("[CV2] two senders in one turn are seen in one order by everyone", () => {
    const rig = new ConversationRig();
    const a = rig.socket(anna, 1);
    const b = rig.socket(ben, 1);
    rig.receive(b, rig.message(ben, 1));
    rig.receive(a, rig.message(anna, 1));
    rig.flush();
    expect(a.take().map(({ type, seq }) => [type, seq])).toEqual([
      ["message:new", 1],
      ["message:ack", 2],
    ]);
    expect(b.take().map(({ type, seq }) => [type, seq])).toEqual([
      ["message:ack", 1],
      ["message:new", 2],
    ]);
  });

  test("[CV3] a repeated send gets the same answer and no second row, in the same flush and after waking", () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    const message = rig.message(anna, 1);
    rig.turn(from, message, message);
    rig.wake();
    rig.nowMs += 5_000;
    rig.turn(from, message);
    const acks = from.take();
    expect(acks).toHaveLength(3);
    expect(new Set(acks.map((ack) => JSON.stringify(ack))).size).toBe(1);
    expect(rig.storedBodies()).toEqual([message.body]);
  });

  test("[CV3] a repeated send is answered although the device set has changed since", () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    const message = rig.message(anna, 1);
    rig.turn(from, message);
    rig.room.applySet(deviceSet(ben, [1, 2], 2));
    from.take();
    rig.turn(from, message);
    expect(from.take()).toMatchObject([{ type: "message:ack", seq: 1 }]);
  });

  test("[CV4] the same id with another body is refused", () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    const message = rig.message(anna, 1);
    const body = `${message.body.slice(0, -6)}AAAAAA`;
    rig.turn(from, message, { ...message, body });
    expect(from.take()[1]).toEqual({
      type: "message:refused",
      conversationId,
      clientMessageId: message.clientMessageId,
      error: error("client_message_reused"),
    });
    expect(rig.storedBodies()).toEqual([message.body]);
  });

  test("[CV3] the same id from another device of the account is another message", () => {
    const rig = new ConversationRig();
    const message = rig.message(anna, 1);
    const again = { ...rig.message(anna, 2), clientMessageId: message.clientMessageId, body: message.body };
    rig.turn(rig.socket(anna, 1), message);
    rig.turn(rig.socket(anna, 2), again);
    expect(rig.storedBodies()).toEqual([message.body, message.body]);
  });
});

describe("refusing", () => {
  test.each([
    ["a missing capsule", { drop: 1 }, { missing: [{ account: ben, device: 1 }], extra: [], stale: [] }],
    [
      "a capsule for an unknown device",
      { add: { account: ben, device: 9 } },
      { missing: [], extra: [{ account: ben, device: 9 }], stale: [] },
    ],
    [
      "a capsule for the sending device",
      { add: { account: anna, device: 1 } },
      { missing: [], extra: [{ account: anna, device: 1 }], stale: [] },
    ],
    ["an unnamed list", { lists: 1 }, { missing: [], extra: [], stale: [{ account: ben, version: 1 }] }],
  ])("[CV5] %s is refused with the difference, and nothing is stored", (_name, spoil, difference) => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    const message = rig.message(anna, 1);
    const kept = "drop" in spoil ? message.capsules.slice(0, -1) : message.capsules;
    const capsules = "add" in spoil ? [...kept, { ...spoil.add, data: rawCapsule() }] : kept;
    const lists = "lists" in spoil ? message.lists.slice(0, 1) : message.lists;
    rig.turn(from, { ...message, capsules, lists });
    expect(from.take()).toEqual([
      {
        type: "message:refused",
        conversationId,
        clientMessageId: message.clientMessageId,
        error: error("device_set_mismatch"),
        difference,
      },
    ]);
    expect(rig.storedBodies()).toEqual([]);
  });

  test("[CV5] a new device counts from the same turn on, and a revoked one no longer", () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    const message = rig.message(anna, 1);
    rig.receive(from, message);
    rig.room.applySet(deviceSet(ben, [2], 2));
    rig.flush();
    expect(from.take()[1]).toMatchObject({
      type: "message:refused",
      difference: {
        missing: [{ account: ben, device: 2 }],
        extra: [{ account: ben, device: 1 }],
        stale: [{ account: ben, version: 2 }],
      },
    });
  });

  test("[CV6] a list newer than the one known here is fetched, and the sender may try again", async () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    rig.sets.set(ben, deviceSet(ben, [1, 2], 2));
    const message = rig.message(anna, 1);
    rig.turn(from, message);
    expect(from.take()).toMatchObject([
      { type: "message:refused", error: { code: "unavailable", retryAfterMs: 250 } },
    ]);
    await settle();
    from.take();
    rig.turn(from, message);
    expect(from.take()).toMatchObject([{ type: "message:ack", seq: 1 }]);
  });

  test("[CV7] a body of another message or place, a broken capsule and a doubled address are malformed", () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    const message = rig.message(anna, 1);
    const [first] = message.capsules;
    // Four bytes less at the end, and another version at the start.
    const cut = encodeBase64url(decodeBase64url(message.body).subarray(0, -4));
    const bodies = [rig.message(anna, 1).body, cut, `B${message.body.slice(1)}`];
    for (const body of bodies) rig.turn(from, { ...message, body });
    rig.turn(from, {
      ...message,
      capsules: [first, { ...message.capsules[1], data: message.body.slice(0, 540) }],
    });
    rig.turn(from, { ...message, capsules: [first, first] });
    rig.turn(from, { ...message, conversationId: "DDDDDDDDDDDDDDDDDDDDDA" });
    const refused = from.take();
    expect(refused).toHaveLength(6);
    for (const refusal of refused) expect(refusal).toMatchObject({ error: error("malformed") });
    expect(rig.storedBodies()).toEqual([]);
  });

  test("[CV8] more messages than the limit allows are refused with the time to wait", () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    const message = rig.message(anna, 1);
    for (let count = 0; count < limits.messageBurst; count += 1) rig.receive(from, message);
    rig.flush();
    from.take();
    rig.turn(from, message);
    expect(from.take()).toMatchObject([
      { type: "message:refused", error: { code: "rate_limited", retryAfterMs: 34 } },
    ]);
    rig.nowMs += 34;
    rig.turn(from, message);
    expect(from.take()).toMatchObject([{ type: "message:ack" }]);
  });

  test("[CV16] a commit that fails refuses every message in it and changes nothing", () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    const peer = rig.socket(ben, 1);
    const message = rig.message(anna, 1);
    rig.sql.failNextCommit();
    rig.turn(from, message);
    expect(from.take()).toMatchObject([{ type: "message:refused", error: error("internal") }]);
    expect([peer.take(), rig.storedBodies(), rig.room.state.lastSeq]).toEqual([[], [], 0]);
    rig.turn(from, message);
    expect(from.take()).toMatchObject([{ type: "message:ack", seq: 1 }]);
  });

  test("[CV16] a commit that fails closes the sockets whose receipts were in it", () => {
    const rig = new ConversationRig();
    const socket = rig.socket(anna, 1);
    rig.turn(socket, rig.message(anna, 1));
    rig.sql.failNextCommit();
    rig.turn(socket, { type: "message:delivered", conversationId, seq: 1 });
    expect(socket.closedFor).toBe("unavailable");
    expect(rig.room.state.members.get(anna)?.delivered).toBe(0);
  });

  test("[IN7] a receipt of a device that has not come up yet is refused for now, a stranger's for good", async () => {
    const rig = new ConversationRig();
    rig.turn(rig.socket(anna, 1), rig.message(anna, 1));
    const tell = (account: typeof ben, device: number) => async () =>
      rig.room.core.receiptsFor(account, device, 1, 0);
    await expect(tell(ben, 2)()).rejects.toMatchObject({ kind: "unavailable" });
    await expect(tell(conversationId as unknown as typeof ben, 1)()).rejects.toMatchObject({
      kind: "not_found",
    });
  });

  test("[IN7] a receipt that was passed on is confirmed once it is committed, and not when that fails", async () => {
    const rig = new ConversationRig();
    rig.turn(rig.socket(anna, 1), rig.message(anna, 1));
    const answers: string[] = [];
    const pass = async (): Promise<void> => {
      const told = rig.room.core.receiptsFor(ben, 1, 1, 1);
      await told.then(
        () => answers.push("kept"),
        () => answers.push("failed"),
      );
    };
    rig.sql.failNextCommit();
    const first = pass();
    await Promise.resolve();
    expect(answers).toEqual([]);
    rig.flush();
    await first;
    const second = pass();
    rig.flush();
    await second;
    expect([answers, rig.room.state.members.get(ben)?.read]).toEqual([["failed", "kept"], 1]);
  });

  test("[CV19] a frame cannot name its sender", () => {
    const rig = new ConversationRig();
    const [from, peer] = [rig.socket(anna, 1), rig.socket(ben, 1)];
    const message = rig.message(anna, 1);
    const frame = sendFrame([message]);
    rig.room.core.receive(from, concat(frame, decodeBase64url(ben), new Uint8Array(2)).buffer);
    expect(from.take()).toEqual([{ type: "error", error: error("malformed") }]);
    expect(rig.storedBodies()).toEqual([]);
    rig.turn(from, message);
    expect(peer.take()).toMatchObject([{ type: "message:new", sender: { account: anna, device: 1 } }]);
  });

  test.each([
    ["text that is not JSON", "{"],
    ["an unknown type", '{"type":"message:forge"}'],
    ["an unknown key", `{"type":"message:read","conversationId":"${conversationId}","seq":0,"x":1}`],
    ["another conversation", '{"type":"message:read","conversationId":"DDDDDDDDDDDDDDDDDDDDDA","seq":0}'],
  ])("[WS4] %s is answered with malformed and the socket stays open", (_name, frame) => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    rig.room.core.receive(from, frame);
    expect([from.take(), from.closedFor]).toEqual([
      [{ type: "error", error: error("malformed") }],
      undefined,
    ]);
  });

  test("[WS4] a binary frame without messages is answered with malformed", () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    rig.room.core.receive(from, new ArrayBuffer(4));
    expect(from.take()).toEqual([{ type: "error", error: error("malformed") }]);
  });

  test("[WS5] a frame above the limit closes the socket before anything is parsed", () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 1);
    rig.room.core.receive(from, " ".repeat(limits.frameBytes + 1));
    expect([from.closedFor, from.take()]).toEqual(["too_large", []]);
    const again = rig.socket(anna, 1);
    rig.room.core.receive(again, new ArrayBuffer(limits.frameBytes + 1));
    expect([again.closedFor, again.take()]).toEqual(["too_large", []]);
  });

  test("[DV3] a device that is no longer active is cut off at its next frame", () => {
    const rig = new ConversationRig();
    const from = rig.socket(anna, 2);
    rig.room.applySet(deviceSet(anna, [1], 2));
    rig.receive(from, rig.message(anna, 2));
    expect([from.closedFor, rig.flushesDue]).toEqual(["session_revoked", 0]);
  });
});
