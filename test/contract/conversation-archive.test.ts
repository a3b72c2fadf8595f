/** The hot window of a conversation in plain Node: what is pruned, when, and what those see who come from below it. */
import { describe, expect, test } from "vitest";
import type { ClientMessageId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { anna, ben, conversationId, ConversationRig, startMs } from "../support/conversation-rig.ts";

const { hotMessages, pruneMessages } = limits;
const grown = hotMessages + pruneMessages;
const resume = (after: number) => ({ type: "conversation:resume", conversationId, after });
const delivered = (seq: number) => ({ type: "message:delivered", conversationId, seq });

/** A conversation whose log was written long ago: every third message is Ben's. */
function rigWithLog(count: number, body = "b"): ConversationRig {
  const rig = new ConversationRig({ anna: [1], ben: [1] });
  rig.store.transaction(() => {
    for (let seq = 1; seq <= count; seq += 1) {
      const isAnnas = seq % 3 !== 0;
      const message = {
        seq,
        senderAccount: isAnnas ? anna : ben,
        senderDevice: 1,
        clientMessageId: `id${seq}` as ClientMessageId,
        serverTimeMs: startMs,
        body: `${body}${seq}`,
        content: 1 as const,
        silentCount: 0,
        devices: 1,
      };
      rig.store.append([{ ...message, capsules: { [`${isAnnas ? ben : anna}.1`]: "capsule" } }]);
    }
  });
  rig.wake();
  return rig;
}

async function runAll(rig: ConversationRig, times = 1): Promise<void> {
  for (const name of ["archive", "sweep", "prune"] as const) {
    for (let time = 0; time < times; time += 1) await rig.room.handlers[name]();
  }
}

/** All that is due now and follows from it. */
async function runDue(rig: ConversationRig): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await rig.alarm(1);
}

function acknowledge(rig: ConversationRig, ...devices: readonly [typeof anna, number][]): void {
  for (const [account, seq] of devices) rig.turn(rig.socket(account, 1, false), delivered(seq));
}

const storedRange = (rig: ConversationRig) =>
  rig.sql.first<{ low: number; high: number }>(
    "SELECT min(first_seq) AS low, max(last_seq) AS high FROM log",
  );

describe("pruning", () => {
  test("[AR46] what is archived, needed by no device and beyond the window goes; the newest stay", async () => {
    const rig = rigWithLog(grown + 50);
    acknowledge(rig, [anna, grown], [ben, grown]);
    await rig.room.handlers.archive();
    await rig.room.handlers.sweep();
    await runDue(rig);
    expect(storedRange(rig)).toEqual({ low: pruneMessages + 1, high: grown + 50 });
    expect(rig.store.load()?.record.prunedSeq).toBe(pruneMessages);
    expect(rig.archive.rows.size).toBe(grown + 50);
    rig.wake();
    rig.turn(rig.socket(anna, 1), rig.message(anna, 1));
    expect(rig.room.state.lastSeq).toBe(grown + 51);
  });

  test("[AR46] a device that has not acknowledged keeps everything from there on, until its capsules expire", async () => {
    const rig = rigWithLog(grown);
    acknowledge(rig, [anna, grown], [ben, 500]);
    await rig.room.handlers.archive();
    await rig.room.handlers.sweep();
    await runDue(rig);
    expect(storedRange(rig)).toEqual({ low: 1, high: grown });
    rig.nowMs += limits.capsuleAgeMs + 1;
    await rig.room.handlers.sweep();
    await runDue(rig);
    expect(storedRange(rig)).toEqual({ low: pruneMessages + 1, high: grown });
  });

  test("[AR46] without the archive nothing goes", async () => {
    const rig = rigWithLog(grown);
    rig.archive.isDown = true;
    acknowledge(rig, [anna, grown], [ben, grown]);
    await rig.room.handlers.sweep();
    await runDue(rig);
    expect(storedRange(rig)).toEqual({ low: 1, high: grown });
  });

  test("[AR41] an archive that lost rows gets them again before anything is deleted", async () => {
    const rig = rigWithLog(grown);
    acknowledge(rig, [anna, grown], [ben, grown]);
    await rig.room.handlers.archive();
    rig.archive.rows.delete(17);
    while (rig.room.state.record.sweptSeq < grown) await rig.room.handlers.sweep();
    await rig.room.handlers.prune();
    expect(storedRange(rig)).toEqual({ low: 1, high: grown });
    expect(rig.failures).toEqual([new Error("archive incomplete")]);
    await rig.alarm(2_000);
    await runDue(rig);
    expect(rig.archive.rows.size).toBe(grown);
    expect(storedRange(rig)).toEqual({ low: pruneMessages + 1, high: grown });
  });

  test("[AR42] every timed task may run twice in a row, and be cut off by waking", async () => {
    const [once, twice] = [rigWithLog(grown), rigWithLog(grown)];
    for (const [rig, times] of [
      [once, 1],
      [twice, 2],
    ] as const) {
      acknowledge(rig, [anna, grown], [ben, grown]);
      for (let round = 0; round < 8; round += 1) {
        await runAll(rig, times);
        if (times === 2) rig.wake();
      }
    }
    const content = (rig: ConversationRig) => [
      rig.store.load(),
      rig.store.page({ limit: 9_999, capsulesOf: `${ben}.1` }),
      [...rig.archive.rows.values()],
    ];
    expect(content(twice)).toEqual(content(once));
    expect(storedRange(once)).toEqual({ low: pruneMessages + 1, high: grown });
    await once.room.handlers.fan_out();
    const told = once.store.load();
    await once.room.handlers.fan_out();
    expect(once.store.load()).toEqual(told);
  });

  test("[CV18] unread stays right when the message at the read watermark is pruned", async () => {
    const rig = rigWithLog(grown);
    rig.turn(rig.socket(ben, 1, false), { type: "message:read", conversationId, seq: 30 });
    acknowledge(rig, [anna, grown], [ben, grown]);
    await runAll(rig);
    await runDue(rig);
    rig.wake();
    const { state } = rig.room;
    const member = state.members.get(ben)!;
    const read = 30;
    const bens = Math.floor(grown / 3) - read / 3;
    expect([state.record.prunedSeq, member.read, member.unreadBase]).toEqual([
      pruneMessages,
      read,
      read + bens,
    ]);
    expect(state.unread(member)).toBe(limits.unreadMax);
  });

  test("[CV43] what a device sent itself waits for no acknowledgement of its own", async () => {
    const rig = new ConversationRig({ anna: [1], ben: [1] });
    for (let sent = 0; sent < 3; sent += 1) rig.turn(rig.socket(anna, 1), rig.message(anna, 1));
    acknowledge(rig, [ben, 3]);
    await rig.alarm(3_600_000);
    expect(rig.store.load()?.record.sweptSeq).toBe(3);
    expect(rig.store.load()?.devices.map(({ deliveredSeq }) => deliveredSeq)).toEqual([3, 3]);
  });
});

describe("from below the window", () => {
  async function prunedRig(): Promise<ConversationRig> {
    const rig = rigWithLog(grown);
    acknowledge(rig, [anna, grown], [ben, grown]);
    await runAll(rig);
    await runDue(rig);
    expect(rig.room.state.record.prunedSeq).toBe(pruneMessages);
    rig.roster.sockets.clear();
    return rig;
  }

  test("[CV44] a resume from below the window brings no message, says where it starts, and is not live", async () => {
    const rig = await prunedRig();
    const socket = rig.socket(ben, 1, false);
    rig.receive(socket, resume(pruneMessages - 1));
    expect(socket.take()).toMatchObject([
      { type: "conversation:resumed", more: true, hotFrom: pruneMessages + 1, lastSeq: grown },
    ]);
    expect(socket.isLive).toBe(false);
    rig.receive(socket, resume(pruneMessages));
    const [first] = socket.take();
    expect(first).toMatchObject({ type: "message:new", seq: pruneMessages + 1 });
  });

  test("[CV41] a device that has not caught up is refused until it has, and nothing is stored", async () => {
    const rig = await prunedRig();
    const socket = rig.socket(ben, 1, false);
    const message = rig.message(ben, 1);
    rig.turn(socket, message);
    expect(socket.take()).toMatchObject([
      { type: "message:refused", error: { code: "unavailable", retryAfterMs: 1_000 } },
    ]);
    expect(rig.room.state.lastSeq).toBe(grown);
    rig.turn(socket, resume(grown), message);
    expect(socket.take()).toMatchObject([
      { type: "conversation:resumed", more: false },
      { type: "message:ack", seq: grown + 1 },
    ]);
  });

  test("[CV42] one resume holds at most resumeChars characters and the message that passes them", () => {
    const body = "x".repeat(100_000);
    const rig = rigWithLog(60, body);
    const socket = rig.socket(ben, 1, false);
    const seen: number[] = [];
    for (let after = 0; ;) {
      rig.receive(socket, resume(after));
      const chars = socket.frames.reduce((sum, frame) => sum + frame.length, 0);
      expect(chars).toBeLessThan(limits.resumeChars + 2 * body.length);
      const events = socket.take();
      for (const { type, seq } of events) if (type === "message:new") seen.push(Number(seq));
      after = seen.at(-1) ?? 0;
      expect(socket.isLive).toBe(events.at(-1)?.["more"] === false);
      if (socket.isLive) break;
    }
    expect(seen).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  });
});
