import { expect, test } from "vitest";
import { inOrder } from "./in-order.ts";

const never = new AbortController().signal;

async function collect<Result>(results: AsyncIterable<Result>): Promise<Result[]> {
  const all: Result[] = [];
  for await (const result of results) all.push(result);
  return all;
}

test("results come in order, whichever part is ready first", async () => {
  const resolvers = new Map<number, () => void>();
  const running = collect(
    inOrder(
      3,
      2,
      never,
      (part) => new Promise<number>((resolve) => resolvers.set(part, () => resolve(part))),
    ),
  );
  for (const part of [3, 1, 2]) resolvers.get(part)?.();
  expect(await running).toEqual([1, 2, 3]);
});

test("no more parts are begun ahead than allowed", async () => {
  const begun: number[] = [];
  const results = inOrder(5, 1, never, async (part) => {
    begun.push(part);
    return part;
  });
  await results.next();
  expect(begun).toEqual([1, 2]);
  await results.next();
  expect(begun).toEqual([1, 2, 3]);
});

test("a failure is thrown in its turn; what runs beside it is aborted and waited for", async () => {
  const ended: number[] = [];
  const results = inOrder(3, 2, never, async (part, signal) => {
    if (part === 1) throw new Error("the network is gone");
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    ended.push(part);
    return part;
  });
  await expect(collect(results)).rejects.toThrow("the network is gone");
  expect(ended).toEqual([2, 3]);
});

test("the caller's signal reaches the work", async () => {
  const caller = new AbortController();
  const results = inOrder(2, 1, caller.signal, async (part, signal) => {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    throw new Error(`part ${part} was cancelled`);
  });
  const all = collect(results);
  caller.abort();
  await expect(all).rejects.toThrow("part 1 was cancelled");
});

test("a caller that stops early leaves nothing running", async () => {
  const aborted: number[] = [];
  for await (const part of inOrder(4, 1, never, async (part, signal) => {
    if (part === 1) return part;
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    aborted.push(part);
    return part;
  })) {
    expect(part).toBe(1);
    break;
  }
  expect(aborted).toEqual([2]);
});
