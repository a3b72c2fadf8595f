import { expect, test } from "vitest";
import type { SyncItem } from "../crypto/sync-item.ts";
import { syncItemTable } from "../store/own-tables.ts";
import { openRecords } from "../store/client-storage.ts";
import type { Records } from "../store/records.ts";
import { FakeServer } from "#test/support/client/fake-server.ts";
import { testStorage } from "#test/support/client/people.ts";
import { readItem, stageItem } from "./own-items.ts";
import { firstBatch, stageTold } from "./told-items.ts";
import type { Self } from "./self.ts";

const openStore = (): Promise<Records> => openRecords(new FakeServer().environment(), testStorage());
const selfAt = (deviceId: number, nowMs: number) => ({ deviceId, nowMs: () => nowMs }) as Self;
const told = (changedAtMs: number, deviceId: number, value: string): SyncItem => {
  return { type: "draft", id: "c", changedAtMs, deviceId, value };
};

async function after(items: readonly SyncItem[]): Promise<string | undefined> {
  const records = await openStore();
  for (const item of items) await records.transact((transaction) => stageTold(transaction, item));
  return readItem(records, "draft", "c");
}

test("[CL141] the later change counts, at one moment that of the higher device, in any order and any number of times", async () => {
  const changes = [told(5, 1, "five"), told(7, 1, "seven of 1"), told(7, 3, "seven of 3"), told(6, 9, "six")];
  for (let first = 0; first < changes.length; first += 1) {
    const turned = [...changes.slice(first), ...changes.slice(0, first)];
    expect(await after(turned)).toBe("seven of 3");
    expect(await after([...turned.toReversed(), ...turned])).toBe("seven of 3");
  }
  expect(await after([told(7, 3, "first"), told(7, 3, "another with the same stamp")])).toBe("first");
});

test("[CL141] a change made here counts as later than what is known, also with a clock that is behind", async () => {
  const records = await openStore();
  await records.transact((transaction) => stageTold(transaction, told(9_000, 5, "told")));
  await records.transact((transaction) => stageItem(transaction, selfAt(2, 100), "draft", "c", "written"));
  expect(await records.read(syncItemTable, "draft/c")).toMatchObject({
    changedAtMs: 9_001,
    device: 2,
    isUnsent: true,
  });
  await records.transact((transaction) => stageTold(transaction, told(9_000, 9, "late")));
  expect(await readItem(records, "draft", "c")).toBe("written");
});

test("[CL144] an item of a kind that this version does not know is kept, and one of a wrong shape is read as none", async () => {
  const records = await openStore();
  const newer = { type: "later", id: "x", changedAtMs: 1, deviceId: 1, value: new Map([["a", 1]]) };
  await records.transact((transaction) => stageTold(transaction, newer));
  await records.transact((transaction) => stageTold(transaction, { ...told(1, 1, ""), value: 7 }));
  expect((await records.list(syncItemTable)).map(({ key }) => key)).toEqual(["draft/c", "later/x"]);
  expect(await readItem(records, "draft", "c")).toBeUndefined();
});

test("items go in as many messages as they need", () => {
  const items = Array.from({ length: 40 }, (_, index) => told(index, 1, "x".repeat(500)));
  const first = firstBatch(items);
  expect(first.length).toBeGreaterThan(4);
  expect(first.length).toBeLessThan(6);
  expect(first).toEqual(items.slice(0, first.length));
  expect(firstBatch([])).toEqual([]);
  expect(firstBatch(Array.from({ length: 300 }, () => told(1, 1, "")))).toHaveLength(200);
});
