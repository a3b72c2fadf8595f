import { expect, test } from "vitest";
import { anchorOf, type Row, scrollTopFor, seenUpTo, sticksToEnd, wantsOlder } from "./scrolling.ts";

const rows: readonly Row[] = [
  { key: "a", top: 0, bottom: 50, seq: 1 },
  { key: "b", top: 50, bottom: 100, seq: 2 },
  { key: "c", top: 100, bottom: 400, seq: 3 },
  { key: "d", top: 400, bottom: 450, seq: undefined },
];

test("the view sticks to the end within 100 px of it", () => {
  expect(sticksToEnd({ scrollTop: 300, scrollHeight: 1_000, clientHeight: 600 })).toBe(true);
  expect(sticksToEnd({ scrollTop: 299, scrollHeight: 1_000, clientHeight: 600 })).toBe(false);
});

test("older messages are wanted one screen before the top", () => {
  expect(wantsOlder({ scrollTop: 599, scrollHeight: 9_000, clientHeight: 600 })).toBe(true);
  expect(wantsOlder({ scrollTop: 600, scrollHeight: 9_000, clientHeight: 600 })).toBe(false);
});

test("the anchor is the first visible row, and survives rows added above it", () => {
  const box = { scrollTop: 70, scrollHeight: 450, clientHeight: 200 };
  const anchor = anchorOf(rows, box);
  expect(anchor).toEqual({ key: "b", offset: -20 });
  const moved = rows.map((row) => ({ ...row, top: row.top + 1_000, bottom: row.bottom + 1_000 }));
  expect(scrollTopFor({ key: "b", offset: -20 }, moved)).toBe(1_070);
});

test("an anchor that is gone moves nothing", () => {
  expect(scrollTopFor({ key: "gone", offset: 0 }, rows)).toBe(undefined);
});

test("a message is seen when its end is on screen", () => {
  expect(seenUpTo(rows, { scrollTop: 0, scrollHeight: 450, clientHeight: 120 })).toBe(2);
  expect(seenUpTo(rows, { scrollTop: 350, scrollHeight: 450, clientHeight: 100 })).toBe(3);
  expect(seenUpTo([], { scrollTop: 0, scrollHeight: 0, clientHeight: 100 })).toBe(undefined);
});
