import { expect, test } from "vitest";
import { Alarms, backoffMs, leaseMs, patienceMs } from "#durable-objects/support/alarms.ts";
import { migrate } from "#durable-objects/support/migrate.ts";
import { settle } from "../support/conversation-rig.ts";
import { migrationsOf, nodeSql } from "../support/node-sql.ts";

type Name = "one" | "two";

const nothing = (): void => undefined;

function rig() {
  const sql = nodeSql();
  migrate(sql, migrationsOf("conversation"));
  const state = {
    nowMs: 0,
    set: [] as number[],
    failed: [] as string[],
    /** Timers under way. */
    timers: 0,
    endPatience: nothing,
  };
  const open = () =>
    new Alarms<Name>(
      sql,
      (atMs) => state.set.push(atMs),
      () => state.nowMs,
      (delayMs, run) => {
        expect(delayMs).toBe(patienceMs);
        state.timers += 1;
        state.endPatience = run;
        return () => void (state.timers -= 1);
      },
    );
  return { state, open, alarms: open() };
}

test("an alarm is set for the earliest name, and a later time for a name changes nothing", () => {
  const { alarms, state } = rig();
  alarms.schedule("one", 100);
  alarms.schedule("one", 200);
  alarms.schedule("two", 50);
  alarms.schedule("two", 60);
  expect(state.set).toEqual([100, 50]);
});

test("only what is due runs, and what is left is set again", async () => {
  const { alarms, state } = rig();
  const ran: string[] = [];
  alarms.schedule("one", 100);
  alarms.schedule("two", 50);
  state.nowMs = 60;
  await alarms.run({ one: () => void ran.push("one"), two: () => void ran.push("two") }, nothing);
  expect([ran, state.set.at(-1), alarms.isPending("two")]).toEqual([["two"], 100, false]);
  await alarms.run({ one: () => void ran.push("one"), two: () => void ran.push("two") }, nothing);
  expect(ran).toEqual(["two"]);
});

test("a failing handler is tried again later and later, and holds up nobody else", async () => {
  const { alarms, state } = rig();
  const ran: string[] = [];
  const handlers = {
    one: () => {
      throw new Error("no");
    },
    two: () => void ran.push("two"),
  };
  alarms.schedule("one", 0);
  alarms.schedule("two", 0);
  await alarms.run(handlers, (name) => state.failed.push(name));
  expect([ran, state.failed, state.set.at(-1)]).toEqual([["two"], ["one"], backoffMs(1)]);
  state.nowMs = backoffMs(1);
  await alarms.run(handlers, (name) => state.failed.push(name));
  expect([state.failed, state.set.at(-1)]).toEqual([["one", "one"], state.nowMs + backoffMs(2)]);
});

test("a handler that asks to run again does, and one cut off runs after waking", async () => {
  const { alarms, state, open } = rig();
  alarms.schedule("one", 0);
  await alarms.run({ one: () => alarms.schedule("one", 500), two: nothing }, nothing);
  expect(state.set.at(-1)).toBe(500);
  state.nowMs = 500;
  void alarms.run({ one: () => new Promise<void>(nothing), two: nothing }, nothing);
  const woken = open();
  const ran: string[] = [];
  await woken.run({ one: () => void ran.push("one"), two: nothing }, nothing);
  expect(ran).toEqual(["one"]);
});

test("waiting times double up to five minutes", () => {
  expect([1, 2, 5, 9, 50].map(backoffMs)).toEqual([2_000, 4_000, 32_000, 300_000, 300_000]);
});

/** A handler that hangs until it is let go, and counts its runs. */
function hanging() {
  let end = nothing;
  const state = { runs: 0, end: () => end() };
  const run = (): Promise<void> => {
    state.runs += 1;
    return new Promise((resolve) => (end = resolve));
  };
  return { state, run };
}

test("a handler that hangs holds up nobody in its round, and the round ends without it", async () => {
  const { alarms, state } = rig();
  const { state: hung, run: one } = hanging();
  const ran: string[] = [];
  const handlers = { one, two: () => void ran.push("two") };
  alarms.schedule("one", 0);
  alarms.schedule("two", 0);
  const round = alarms.run(handlers, nothing);
  await settle();
  expect(ran).toEqual(["two"]);
  state.endPatience();
  await round;
  expect([alarms.isPending("one"), state.set.at(-1)]).toEqual([true, leaseMs]);

  alarms.schedule("two", 500);
  expect(state.set.at(-1)).toBe(500);
  state.nowMs = 500;
  await alarms.run(handlers, nothing);
  expect([ran, hung.runs, state.set.at(-1)]).toEqual([["two", "two"], 1, leaseMs]);

  state.nowMs = leaseMs;
  await alarms.run(handlers, nothing);
  expect([hung.runs, state.set.at(-1)]).toEqual([1, 2 * leaseMs]);
  hung.end();
  await settle();
  expect([hung.runs, alarms.isPending("one")]).toEqual([1, false]);
});

test("an alarm whose handler outlived its round and died with the object runs again", async () => {
  const { alarms, state, open } = rig();
  const { state: hung, run: one } = hanging();
  alarms.schedule("one", 0);
  const round = alarms.run({ one, two: nothing }, nothing);
  state.endPatience();
  await round;
  state.nowMs = leaseMs;
  const woken = open();
  const again = woken.run({ one, two: nothing }, nothing);
  await settle();
  expect(hung.runs).toBe(2);
  hung.end();
  await again;
  expect([woken.isPending("one"), open().isPending("one")]).toEqual([false, false]);
});

test("a handler that fails after its round is tried again before its lease is over", async () => {
  const { alarms, state } = rig();
  let fail: (error: Error) => void = nothing;
  const one = () => new Promise<void>((_, reject) => (fail = reject));
  alarms.schedule("one", 0);
  const round = alarms.run({ one, two: nothing }, (name) => state.failed.push(name));
  state.endPatience();
  await round;
  state.nowMs = 5_000;
  fail(new Error("late"));
  await settle();
  expect([state.failed, state.set.at(-1)]).toEqual([["one"], 5_000 + backoffMs(1)]);
});

test("what a handler asks for after its round is set at once", async () => {
  const { alarms, state } = rig();
  const { state: hung, run } = hanging();
  alarms.schedule("one", 0);
  const one = async (): Promise<void> => {
    await run();
    alarms.schedule("one", 7_000);
  };
  const round = alarms.run({ one, two: nothing }, nothing);
  state.endPatience();
  await round;
  hung.end();
  await settle();
  expect(state.set.at(-1)).toBe(7_000);
});

test("a round whose handlers end in time leaves no timer behind", async () => {
  const { alarms, state } = rig();
  alarms.schedule("one", 0);
  await alarms.run({ one: () => Promise.resolve(), two: nothing }, nothing);
  await alarms.run({ one: nothing, two: nothing }, nothing);
  expect([state.timers, alarms.isPending("one")]).toEqual([0, false]);
});
