import { expect, test } from "vitest";
import {
  calendarDaysBetween,
  formatClock,
  formatDay,
  formatLastSeen,
  formatListTime,
  plural,
} from "./format.ts";

const now = new Date(2026, 10, 20, 0, 5).getTime();
const words = { today: "Today", yesterday: "Yesterday" };

test("days are counted by the calendar, not by 24 hours", () => {
  expect(calendarDaysBetween(new Date(2026, 10, 19, 23, 59).getTime(), now)).toBe(1);
  expect(calendarDaysBetween(new Date(2026, 2, 28, 12).getTime(), new Date(2026, 2, 30, 12).getTime())).toBe(
    2,
  );
});

test("a day separator says today, yesterday, the weekday, then the date", () => {
  expect(formatDay(now, now, words)).toBe("Today");
  expect(formatDay(new Date(2026, 10, 19, 23).getTime(), now, words)).toBe("Yesterday");
  expect(formatDay(new Date(2026, 10, 16).getTime(), now, words)).toMatch(/\p{L}/u);
  expect(formatDay(new Date(2024, 10, 16).getTime(), now, words)).toMatch(/2024/);
});

test("a message from a clock that runs ahead is of today", () => {
  expect(formatDay(now + 86_400_000, now, words)).toBe("Today");
});

test("a list row says the time, yesterday, then ever shorter", () => {
  expect(formatListTime(now, now, words)).toMatch(/05/);
  expect(formatListTime(new Date(2026, 10, 19, 23).getTime(), now, words)).toBe("Yesterday");
  expect(formatListTime(new Date(2024, 5, 1).getTime(), now, words)).toMatch(/24/);
});

test("plurals", () => {
  expect([0, 1, 2].map((count) => plural(count, "one", "other"))).toEqual(["other", "one", "other"]);
});

test("last seen has the clock within a day and only the date before", () => {
  const now = new Date(2026, 10, 21, 15, 0).getTime();
  const words = {
    today: (time: string) => `today ${time}`,
    yesterday: (time: string) => `yesterday ${time}`,
    on: (day: string) => `on ${day}`,
  };
  const at = (...when: [number, number, number, number]) =>
    formatLastSeen(new Date(2026, ...when).getTime(), now, words);
  expect(at(10, 21, 9, 30)).toBe(`today ${formatClock(new Date(2026, 10, 21, 9, 30).getTime())}`);
  expect(at(10, 20, 20, 15)).toBe(`yesterday ${formatClock(new Date(2026, 10, 20, 20, 15).getTime())}`);
  expect(at(10, 18, 9, 30)).toMatch(/^on .*18/);
});
