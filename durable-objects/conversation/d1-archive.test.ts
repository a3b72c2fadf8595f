import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { answerDeadlineMs, D1Archive } from "./d1-archive.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A database that takes every statement and answers with `answer`. */
function archiveOn(answer: () => Promise<unknown>): D1Archive {
  const statement = { bind: () => statement, all: answer, run: answer };
  return new D1Archive({ prepare: () => statement } as unknown as D1Database);
}

const silence = () => new Promise<never>(() => undefined);

test("[CV80] a database that never answers fails the write and the count, and nothing is left waiting", async () => {
  const archive = archiveOn(silence);
  const outcomes = Promise.allSettled([archive.write("c", []), archive.count("c", 0, 1)]);
  await vi.advanceTimersByTimeAsync(answerDeadlineMs);
  const error = new Error("the archive did not answer");
  expect(await outcomes).toEqual([
    { status: "rejected", reason: error },
    { status: "rejected", reason: error },
  ]);
  expect(vi.getTimerCount()).toBe(0);
});

test("an answer in time is the answer, and a failure is the failure", async () => {
  expect(await archiveOn(() => Promise.resolve({ results: [{ first: 1, last: 3 }] })).count("c", 0, 3)).toBe(
    3,
  );
  expect(await archiveOn(() => Promise.resolve({ results: [] })).count("c", 0, 3)).toBe(0);
  await expect(archiveOn(() => Promise.reject(new Error("down"))).write("c", [])).rejects.toThrow("down");
  expect(vi.getTimerCount()).toBe(0);
});

test("[AR41] messages are counted once where packs overlap, none that is missing, and none outside", async () => {
  const packs = [
    { first: 3, last: 8 },
    { first: 6, last: 7 },
    { first: 7, last: 12 },
    { first: 15, last: 30 },
  ];
  const archive = archiveOn(() => Promise.resolve({ results: packs }));
  expect(await archive.count("c", 4, 20)).toBe(8 + 6);
});
