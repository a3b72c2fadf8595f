import { expect, test } from "vitest";
import type { ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { nobleProvider } from "../crypto/noble-provider.ts";
import type { GroupRecord } from "../store/group-tables.ts";
import type { Records } from "../store/records.ts";
import type { ConversationRecord } from "../store/tables.ts";
import { Receipts } from "./receipts.ts";

const id = "AAAAAAAAAAAAAAAAAAAAAA" as ConversationId;

/** Receipts of one conversation with `members` members (2: a direct one) and a clock that the test moves. */
function stage(members: number) {
  let nowMs = 0;
  let timers: { readonly atMs: number; readonly run: () => void }[] = [];
  const record = { conversationId: id, cursor: 0, readSeq: 0, deliveredPending: true, readPending: false };
  const conversation = members === 2 ? record : { ...record, group: { left: false, joinedSeq: 1 } };
  const group = { history: { head: { state: { members: Array.from({ length: members }) } } } };
  const sent: string[] = [];
  let isOpen = true;
  const receipts = new Receipts(
    {
      provider: nobleProvider,
      setTimer(delayMs, run) {
        const timer = { atMs: nowMs + delayMs, run };
        timers.push(timer);
        return () => (timers = timers.filter((each) => each !== timer));
      },
    },
    {
      read: async <Value>() => group as unknown as GroupRecord as Value,
      transact: (async () => undefined) as unknown as Records["transact"],
    },
    { get: () => conversation as ConversationRecord, all: () => [conversation as ConversationRecord] },
    (_, frame) => {
      if (isOpen) sent.push(`${nowMs} ${JSON.stringify(frame)}`);
      return isOpen;
    },
  );
  return {
    receipts,
    sent,
    setOpen: (open: boolean) => (isOpen = open),
    stored: (seq: number) => {
      conversation.cursor = seq;
      receipts.raise(id);
    },
    /** Timers that come due run in their order, and what they wait for is awaited. */
    passes: async (ms: number) => {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = timers.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
        if (next === undefined) break;
        timers = timers.filter((each) => each !== next);
        nowMs = next.atMs;
        next.run();
        await new Promise((resolve) => setImmediate(resolve));
      }
      nowMs = endMs;
    },
    isIdle: () => timers.length === 0,
  };
}

const seqs = (sent: readonly string[]) => sent.map((each) => /"seq":(\d+)/.exec(each)?.[1]);

test("[CL199] watermarks that rise within 30 ms go as one, and at once among few members", async () => {
  for (const members of [2, limits.promptReceiptsMembers]) {
    const { sent, stored, passes } = stage(members);
    stored(1);
    stored(2);
    await passes(30);
    expect(seqs(sent)).toEqual(["2"]);
    stored(3);
    await passes(30);
    expect(seqs(sent)).toEqual(["2", "3"]);
  }
});

test("[CL199] among many members they wait for one to two seconds and go as one", async () => {
  const { sent, stored, passes } = stage(limits.promptReceiptsMembers + 1);
  for (let seq = 1; seq <= 9; seq += 1) {
    stored(seq);
    await passes(100);
  }
  expect(sent).toEqual([]);
  await passes(1_200);
  expect(seqs(sent)).toEqual(["9"]);
  expect(Number(sent[0]?.split(" ")[0])).toBeGreaterThanOrEqual(1_030);
});

test("[CL199] what no socket took goes with the next one, and nothing goes after the end", async () => {
  const { receipts, sent, setOpen, stored, passes, isIdle } = stage(2);
  setOpen(false);
  stored(1);
  await passes(30);
  setOpen(true);
  stored(2);
  await passes(30);
  expect(seqs(sent)).toEqual(["2"]);
  stored(3);
  receipts.stop();
  stored(4);
  expect(isIdle()).toBe(true);
  await passes(5_000);
  expect(seqs(sent)).toEqual(["2"]);
});
