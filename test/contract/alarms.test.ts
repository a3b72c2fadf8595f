import { expect, test } from "vitest";
import { Alarms, backoffMs } from "#durable-objects/support/alarms.ts";
import { migrate } from "#durable-objects/support/migrate.ts";
import { migrationsOf, nodeSql } from "../support/node-sql.ts";

type Name = "one" | "two";

function rig() {
  const sql = nodeSql();
  migrate(sql, migrationsOf("conversation"));
  const state = { nowMs: 0, set: [] as number[], failed: [] as string[] };
  const open = () =>
    new Alarms<Name>(
      sql,
      (atMs) => state.set.push(atMs),
      () => state.nowMs,
    );
  return { state, open, alarms: open() };
}

const nothing = (): void => undefined;

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
