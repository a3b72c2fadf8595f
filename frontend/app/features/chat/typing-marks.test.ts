import { expect, test, vi } from "vitest";
import { createTypingMarks } from "./typing-marks.ts";

function setUp() {
  vi.useFakeTimers();
  const marks: boolean[] = [];
  return { marks, typing: createTypingMarks((on) => marks.push(on)) };
}

test("a mark is set once and renewed before it dies", () => {
  const { marks, typing } = setUp();
  typing.typed("a");
  typing.typed("ab");
  expect(marks).toEqual([true]);
  vi.advanceTimersByTime(3_000);
  typing.typed("abc");
  expect(marks).toEqual([true, true]);
});

test("a mark ends when nothing is typed, when the field is emptied, and when told", () => {
  const { marks, typing } = setUp();
  typing.typed("a");
  vi.advanceTimersByTime(5_000);
  expect(marks).toEqual([true, false]);
  typing.typed("b");
  typing.typed(" ");
  expect(marks).toEqual([true, false, true, false]);
  typing.stop();
  expect(marks).toEqual([true, false, true, false]);
});
