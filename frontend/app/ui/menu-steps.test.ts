import { expect, test } from "vitest";
import { placeMenu, placeMenuAt, stepFrom } from "./menu-steps.ts";

const labels = ["Message", "Make admin", "Remove"];

test.each([
  ["ArrowDown", 0, 1],
  ["ArrowDown", 2, 0],
  ["ArrowUp", 0, 2],
  ["Home", 2, 0],
  ["End", 0, 2],
  ["r", 0, 2],
  ["m", 0, 1],
  ["m", 1, 0],
  ["x", 0, undefined],
  ["Shift", 0, undefined],
])("%s from entry %i leads to %j", (key, at, next) => {
  expect(stepFrom(key, at, labels)).toBe(next);
});

test("a menu opens below its button, above it near the lower edge, and never outside the window", () => {
  const menu = { width: 200, height: 150 };
  const window = { width: 390, height: 844 };
  const row = (top: number) => ({ left: 20, right: 370, top, bottom: top + 56 });
  expect(placeMenu(row(100), menu, window)).toEqual({ left: 170, top: 160 });
  expect(placeMenu(row(760), menu, window)).toEqual({ left: 170, top: 606 });
  expect(placeMenu({ left: 0, right: 40, top: 10, bottom: 50 }, menu, window)).toEqual({ left: 8, top: 54 });
});

test("a menu at a point begins there, and never leaves the window", () => {
  const menu = { width: 200, height: 150 };
  const window = { width: 390, height: 844 };
  expect(placeMenuAt({ x: 40, y: 100 }, menu, window)).toEqual({ left: 40, top: 100 });
  expect(placeMenuAt({ x: 380, y: 840 }, menu, window)).toEqual({ left: 182, top: 686 });
  expect(placeMenuAt({ x: 2, y: 3 }, menu, window)).toEqual({ left: 8, top: 8 });
});
