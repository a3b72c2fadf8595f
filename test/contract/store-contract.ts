/** What every store backend must do; run over each of them. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Store, StoreOperation } from "#core/store/store.ts";

export interface StoreUnderTest {
  readonly store: Store;
  /** Closes the store and opens what it left behind; undefined for one that keeps nothing. */
  readonly reopen?: () => Promise<Store>;
  readonly dispose: () => Promise<void>;
}

const bytes = (...values: number[]) => Uint8Array.from(values);
const put = (key: string, expected: number, ...values: number[]): StoreOperation => ({
  type: "put",
  table: "t",
  key,
  expected,
  value: bytes(...values),
});

/** Describes the contract for the backend that `open` makes. */
export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let opened: StoreUnderTest;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.dispose());
    const all = (table = "t") => store.list(table, {});

    test("[CL1] a put creates generation 1 and every further put the next one", async () => {
      await store.commit([put("a", 0, 1)]);
      await store.commit([put("a", 1, 2)]);
      expect(await store.get("t", "a")).toEqual({ key: "a", generation: 2, value: bytes(2) });
      expect(await store.get("t", "b")).toBeUndefined();
      expect(await store.get("u", "a")).toBeUndefined();
    });

    test("[CL1] a commit with one stale generation writes nothing", async () => {
      await store.commit([put("a", 0, 1)]);
      const before = await all();
      const stale: StoreOperation[][] = [
        [put("b", 0, 9), put("a", 0, 9)],
        [put("b", 0, 9), put("a", 2, 9)],
        [put("b", 0, 9), put("c", 1, 9)],
        [put("b", 0, 9), { type: "delete", table: "t", key: "a", expected: 2 }],
        [put("b", 0, 9), { type: "delete", table: "t", key: "a", expected: 0 }],
        [put("b", 0, 9), { type: "delete", table: "t", key: "c", expected: 1 }],
      ];
      for (const operations of stale) {
        await expect(store.commit(operations)).rejects.toMatchObject({ code: "CAS_CONFLICT" });
      }
      expect(await all()).toEqual(before);
    });

    test("[ATTACK 35] of two commits from one state exactly one happens", async () => {
      await store.commit([put("a", 0, 1)]);
      const results = await Promise.allSettled([
        store.commit([put("a", 1, 2), put("b", 0, 2)]),
        store.commit([put("a", 1, 3), put("c", 0, 3)]),
      ]);
      expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      const [winner] = (await store.get("t", "a"))?.value ?? [];
      expect((await all()).map(({ key }) => key)).toEqual(winner === 2 ? ["a", "b"] : ["a", "c"]);
    });

    test("a delete removes, and the key can be created again", async () => {
      await store.commit([put("a", 0, 1), put("b", 0, 1)]);
      await store.commit([{ type: "delete", table: "t", key: "a", expected: 1 }]);
      expect((await all()).map(({ key }) => key)).toEqual(["b"]);
      await store.commit([put("a", 0, 3)]);
      expect(await store.get("t", "a")).toEqual({ key: "a", generation: 1, value: bytes(3) });
    });

    test("lists keys in order, by range, backwards and limited, within one table", async () => {
      const keys = ["b/2", "a", "b/10", "b", "b/1", "c", "~"];
      await store.commit(keys.map((key) => put(key, 0, 1)));
      await store.commit([{ ...put("b/3", 0, 1), table: "t2" }]);
      const list = async (range: Parameters<Store["list"]>[1]) =>
        (await store.list("t", range)).map(({ key }) => key);
      expect(await list({})).toEqual(["a", "b", "b/1", "b/10", "b/2", "c", "~"]);
      expect(await list({ from: "b/", below: "b0" })).toEqual(["b/1", "b/10", "b/2"]);
      expect(await list({ from: "b/1", below: "b/2" })).toEqual(["b/1", "b/10"]);
      expect(await list({ descending: true, limit: 2 })).toEqual(["~", "c"]);
      expect(await list({ below: "b", descending: true })).toEqual(["a"]);
      expect(await list({ from: "b", limit: 2 })).toEqual(["b", "b/1"]);
      expect(await list({ from: "c", below: "b" })).toEqual([]);
    });

    test("keys that are not printable ASCII, or occur twice, are refused and change nothing", async () => {
      for (const key of ["", "é", "a\nb", "a\u001fb"]) {
        await expect(store.commit([put("x", 0, 1), put(key, 0, 1)])).rejects.toThrow(RangeError);
      }
      await expect(store.commit([put("x", 0, 1), put("x", 1, 1)])).rejects.toThrow(RangeError);
      expect(await all()).toEqual([]);
    });

    test("a value is copied in and not shared", async () => {
      const value = bytes(1, 2, 3);
      await store.commit([{ type: "put", table: "t", key: "a", expected: 0, value }]);
      value.fill(0);
      expect((await store.get("t", "a"))?.value).toEqual(bytes(1, 2, 3));
    });

    test("what was committed is there after a restart, and nothing after clear", async () => {
      await store.commit([put("a", 0, 1), put("b", 0, 2)]);
      if (opened.reopen !== undefined) store = await opened.reopen();
      expect((await all()).map(({ key }) => key)).toEqual(["a", "b"]);
      await store.clear();
      expect(await all()).toEqual([]);
    });

    test("a closed store fails with STORAGE_FAILED", async () => {
      if (opened.reopen === undefined) return;
      await store.close();
      await expect(store.commit([put("a", 0, 1)])).rejects.toMatchObject({ code: "STORAGE_FAILED" });
      store = await opened.reopen();
      expect(await all()).toEqual([]);
    });
  });
}
