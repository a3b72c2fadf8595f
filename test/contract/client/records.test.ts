import "fake-indexeddb/auto";
import { deleteDB } from "idb";
import { describe, expect, test } from "vitest";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { destroyBrowserMasterKey, openBrowserMasterKey } from "#core/store/browser-master-key.ts";
import { openSottoDatabase } from "#core/store/indexeddb-store.ts";
import { MemoryStore } from "#core/store/memory-store.ts";
import { Records } from "#core/store/records.ts";
import { jsonTable, SealedStore } from "#core/store/sealed-store.ts";
import { failingStore } from "#test/support/client/mortal.ts";

const table = jsonTable<{ n: number }>("numbers");
const other = jsonTable<{ n: number }>("others");
const key = new Uint8Array(32).fill(7);

function owner(store = new MemoryStore()) {
  return {
    store,
    records: new Records(new SealedStore(store, nobleProvider, Uint8Array.from(key)), [table]),
  };
}

const increment = (records: Records, times = 1) =>
  records.transact(async (transaction) => {
    const before = await transaction.get(table, "a");
    transaction.put(table, "a", { n: (before?.n ?? 0) + times });
    transaction.insert(other, `${(before?.n ?? 0) + times}`, { n: 0 });
  });

describe("records", () => {
  test("[CL1] [CL11] owners of one store that write the same record do so one after the other, from the newest state", async () => {
    const { store, records: first } = owner();
    const { records: second } = owner(store);
    await Promise.all([
      increment(first),
      increment(second),
      increment(first),
      increment(second),
      increment(second),
    ]);
    expect((await first.list(table))[0]).toEqual({ key: "a", generation: 5, value: { n: 5 } });
    expect(await first.list(other)).toHaveLength(5);
  });

  test("[CL1] a transaction that throws, or whose write fails, changes nothing, and the next one works", async () => {
    const store = failingStore(new MemoryStore());
    const records = new Records(new SealedStore(store, nobleProvider, Uint8Array.from(key)), [table]);
    await increment(records);
    const seen: unknown[] = [];
    records.watch(table, (_, value) => seen.push(value));
    const thrown = records.transact(async (transaction) => {
      await transaction.get(table, "a");
      transaction.put(table, "a", { n: 99 });
      throw new RangeError("no");
    });
    await expect(thrown).rejects.toThrow(RangeError);
    store.fail = () => true;
    await expect(increment(records)).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    store.fail = () => false;
    expect(await records.read(table, "a")).toEqual({ n: 1 });
    expect(seen).toEqual([]);
    await increment(records);
    expect(seen).toEqual([{ n: 2 }]);
  });

  test("[CL1] a transaction sees what it staged, and a put without a read is refused", async () => {
    const { records } = owner();
    await records
      .transact(async (transaction) => {
        transaction.insert(table, "a", { n: 1 });
        expect(await transaction.get(table, "a")).toEqual({ n: 1 });
        transaction.put(table, "a", { n: 2 });
        transaction.delete(table, "never there");
      })
      .catch((error: unknown) => expect(error).toBeInstanceOf(RangeError));
    expect(await records.read(table, "a")).toBeUndefined();
  });

  test("[CL1] a list has what its transaction staged, in order, within its range and limit", async () => {
    const { records } = owner();
    await records.transact(async (transaction) => {
      for (const name of ["a", "b", "d", "e"]) transaction.insert(other, name, { n: 1 });
    });
    const lists = await records.transact(async (transaction) => {
      transaction.insert(other, "c", { n: 2 });
      transaction.insert(other, "f", { n: 2 });
      await transaction.get(other, "b");
      transaction.put(other, "b", { n: 2 });
      for (const name of ["a", "d"]) {
        await transaction.get(other, name);
        transaction.delete(other, name);
      }
      const ranges = [
        {},
        { limit: 2 },
        { descending: true, limit: 3 },
        { from: "b", below: "e" },
        { from: "g" },
      ];
      return Promise.all(ranges.map((range) => transaction.list(other, range)));
    });
    expect(lists.map((list) => list.map(({ key: name, value }) => `${name}${value.n}`).join(" "))).toEqual([
      "b2 c2 e1 f2",
      "b2 c2",
      "f2 e1 c2",
      "b2 c2",
      "",
    ]);
    expect((await records.list(other)).map(({ key: name }) => name)).toEqual(["b", "c", "e", "f"]);
  });

  test("[CL2] a sealed record opens only in its table, under its key and generation, with its key", async () => {
    const { store, records } = owner();
    await increment(records);
    const [record] = await store.list("numbers", {});
    if (record === undefined) throw new Error("nothing was stored");
    expect(new TextDecoder().decode(record.value)).not.toContain('"n"');
    const { value } = record;
    await store.commit([
      { type: "put", table: "numbers", key: "b", expected: 0, value },
      { type: "put", table: "others", key: "a", expected: 0, value },
    ]);
    await expect(records.read(table, "b")).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    await expect(records.read(other, "a")).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    await increment(records);
    await store.commit([{ type: "put", table: "numbers", key: "a", expected: 2, value }]);
    await expect(owner(store).records.read(table, "a")).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    const stranger = new Records(new SealedStore(store, nobleProvider, new Uint8Array(32)), []);
    await expect(stranger.read(other, "1")).rejects.toMatchObject({ code: "STORAGE_FAILED" });
  });

  test("[CL53] retired records are gone, and whatever still wants to write fails", async () => {
    const { store, records } = owner();
    await increment(records);
    const late = [records.retire(), increment(records)];
    await expect(late[1]).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(await store.list("numbers", {})).toEqual([]);
  });
});

describe("the browser's master key", () => {
  test("[CL2] is made once, survives, is not exportable, and is another one after it was destroyed", async () => {
    const database = await openSottoDatabase("master-key");
    const [first, second] = await Promise.all([
      openBrowserMasterKey(database),
      openBrowserMasterKey(database),
    ]);
    expect(first).toHaveLength(32);
    expect(second).toEqual(first);
    expect(await openBrowserMasterKey(database)).toEqual(first);
    const stored = await database.get("keys", "device-master-key");
    expect(stored?.wrapping.extractable).toBe(false);
    expect([...(stored?.wrapped ?? [])].join()).not.toContain([...first].join());
    await destroyBrowserMasterKey(database);
    expect(await openBrowserMasterKey(database)).not.toEqual(first);
    database.close();
    await deleteDB("master-key");
  });
});
