import { expect, test } from "vitest";
import { bannerView, troubleSince } from "./banner-view.ts";

const waiting = { state: "waiting", attempt: 2, retryAtMs: 12_500, sinceMs: 1_000 } as const;
const online = { browserOnline: true } as const;

test("trouble shorter than three seconds is not mentioned", () => {
  expect(bannerView({ ...online, status: waiting, troubleSinceMs: 1_000, nowMs: 3_999 })).toBe(undefined);
});

test("longer trouble names the attempt and the time until it", () => {
  expect(bannerView({ ...online, status: waiting, troubleSinceMs: 1_000, nowMs: 4_000 })).toEqual({
    type: "retrying",
    attempt: 2,
    inSeconds: 9,
  });
});

test("without a network the banner says so", () => {
  expect(bannerView({ browserOnline: false, status: waiting, troubleSinceMs: 1_000, nowMs: 9_000 })).toEqual({
    type: "offline",
  });
});

test("catching up is said at once, being online or idle never", () => {
  const at = { ...online, troubleSinceMs: undefined, nowMs: 0 };
  expect(bannerView({ ...at, status: { state: "updating" } })).toEqual({ type: "updating" });
  expect(bannerView({ ...at, status: { state: "online" } })).toBe(undefined);
  expect(bannerView({ ...at, status: { state: "idle" } })).toBe(undefined);
});

test("trouble is counted from its beginning through all attempts", () => {
  const began = troubleSince({ state: "connecting", attempt: 1 }, undefined, 500);
  expect(began).toBe(500);
  expect(troubleSince(waiting, began, 2_000)).toBe(500);
  expect(troubleSince({ state: "connecting", attempt: 3 }, 500, 9_000)).toBe(500);
  expect(troubleSince({ state: "online" }, 500, 9_500)).toBe(undefined);
});
