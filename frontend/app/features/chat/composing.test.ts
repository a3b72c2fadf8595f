import { expect, test } from "vitest";
import { limits } from "#schema/limits.ts";
import { enterSendsMessage, lengthView } from "./composing.ts";

const plain = { shiftKey: false, ctrlKey: false, metaKey: false, isComposing: false };
const desktop = { enterSends: true, touch: false };

test.each([
  ["Enter sends", plain, desktop, true],
  ["Shift with Enter starts a line", { ...plain, shiftKey: true }, desktop, false],
  ["Enter starts a line on touch", plain, { enterSends: true, touch: true }, false],
  ["Enter starts a line when switched off", plain, { enterSends: false, touch: false }, false],
  ["Ctrl with Enter always sends", { ...plain, ctrlKey: true }, { enterSends: false, touch: true }, true],
  ["⌘ with Enter always sends", { ...plain, metaKey: true }, { enterSends: false, touch: false }, true],
  ["Enter belongs to an input method", { ...plain, isComposing: true }, desktop, false],
])("%s", (_title, press, how, expected) => {
  expect(enterSendsMessage(press, how)).toBe(expected);
});

test.each(["", "  \n "])("%j is nothing to send", (text) => {
  expect(lengthView(text)).toEqual({ sendable: false, left: undefined });
});

test("the bytes left are told only near the limit", () => {
  expect(lengthView("a")).toEqual({ sendable: true, left: undefined });
  expect(lengthView("a".repeat(limits.textBytes - 100))).toEqual({ sendable: true, left: 100 });
  expect(lengthView("a".repeat(limits.textBytes + 1))).toEqual({ sendable: false, left: -1 });
});

test("characters count by their bytes", () => {
  const text = "é".repeat(limits.textBytes / 2 - 10);
  expect(lengthView(text).left).toBe(20);
});
