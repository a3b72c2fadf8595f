import { expect, test } from "vitest";
import { bannerView, spellAt } from "./banner-view.ts";

const waiting = { state: "waiting", attempt: 2, retryAtMs: 12_500, sinceMs: 1_000 } as const;
const online = { state: "online" } as const;
const trouble = { kind: "trouble", sinceMs: 1_000 } as const;

test("trouble shorter than three seconds is not mentioned", () => {
  expect(bannerView({ status: waiting, browserOnline: true, nowMs: 3_999 }, trouble)).toBe(undefined);
});

test("longer trouble names the attempt and the time until it", () => {
  expect(bannerView({ status: waiting, browserOnline: true, nowMs: 4_000 }, trouble)).toEqual({
    type: "retrying",
    attempt: 2,
    inSeconds: 9,
  });
});

test("an attempt under way is said as connecting", () => {
  const status = { state: "connecting", attempt: 3 } as const;
  expect(bannerView({ status, browserOnline: true, nowMs: 4_000 }, trouble)).toEqual({ type: "connecting" });
});

test("a browser without a network is offline, even while the socket seems open", () => {
  const moment = { status: online, browserOnline: false, nowMs: 5_000 };
  expect(spellAt(moment, { kind: "fine", sinceMs: 0 })).toEqual({ kind: "trouble", sinceMs: 5_000 });
  expect(bannerView({ ...moment, nowMs: 8_000 }, { kind: "trouble", sinceMs: 5_000 })).toEqual({
    type: "offline",
  });
});

test("catching up is said when it takes more than a second", () => {
  const status = { state: "updating" } as const;
  const updating = spellAt({ status, browserOnline: true, nowMs: 2_000 }, trouble);
  expect(updating).toEqual({ kind: "updating", sinceMs: 2_000 });
  expect(bannerView({ status, browserOnline: true, nowMs: 2_999 }, updating)).toBe(undefined);
  expect(bannerView({ status, browserOnline: true, nowMs: 3_000 }, updating)).toEqual({ type: "updating" });
});

test("being online or idle is never said", () => {
  const fine = { kind: "fine", sinceMs: 0 } as const;
  expect(bannerView({ status: online, browserOnline: true, nowMs: 90_000 }, fine)).toBe(undefined);
  expect(spellAt({ status: { state: "idle" }, browserOnline: true, nowMs: 1 }, fine)).toBe(fine);
});

test("trouble is counted from its beginning through all attempts", () => {
  const connecting = { state: "connecting", attempt: 1 } as const;
  const began = spellAt({ status: connecting, browserOnline: true, nowMs: 500 }, undefined);
  expect(began).toEqual({ kind: "trouble", sinceMs: 500 });
  expect(spellAt({ status: waiting, browserOnline: true, nowMs: 2_000 }, began)).toBe(began);
  expect(spellAt({ status: online, browserOnline: true, nowMs: 9_500 }, began).kind).toBe("fine");
});

test("a wait that began before the page was opened counts from then", () => {
  expect(spellAt({ status: waiting, browserOnline: true, nowMs: 9_000 }, undefined)).toEqual(trouble);
});
