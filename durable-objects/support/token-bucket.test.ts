import { expect, test } from "vitest";
import { TokenBucket } from "./token-bucket.ts";

test("[CV8] a bucket lets a burst through, then its rate, and says how long to wait", () => {
  const bucket = new TokenBucket(10, 2, 0);
  expect([bucket.take(0), bucket.take(0), bucket.take(0)]).toEqual([0, 0, 100]);
  expect([bucket.take(99), bucket.take(100), bucket.take(100)]).toEqual([1, 0, 100]);
});

test("[CV8] idle time fills a bucket no further than its burst, and a clock that jumps back takes nothing", () => {
  const bucket = new TokenBucket(10, 2, 1_000);
  expect([bucket.take(60_000), bucket.take(60_000), bucket.take(60_000)]).toEqual([0, 0, 100]);
  expect(bucket.take(0)).toBe(100);
});
