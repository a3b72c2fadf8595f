import { assert, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { blobBytesOf, isBlobLength, paddedFileBytes } from "./attachment-size.ts";

test.each([
  [0, 56 + 1_024 + 16],
  [1_024, 56 + 1_024 + 16],
  [65_535, 56 + 65_536 + 2 * 16],
  [65_536, 56 + 65_536 + 2 * 16],
  [131_072, 56 + 131_072 + 3 * 16],
])("a file of %i bytes makes a blob of %i", (size, blob) => {
  expect(blobBytesOf(size)).toBe(blob);
});

test("up to 300 KB exactly the lengths that a file can have are recognised", () => {
  const possible = new Set(Array.from({ length: 300_000 }, (_, size) => blobBytesOf(size)));
  const wrong = Array.from({ length: 300_000 }, (_, length) => length).filter(
    (length) => isBlobLength(length) !== possible.has(length),
  );
  expect(wrong).toEqual([]);
});

test("at every size a blob is recognised, and padding adds at most 12 %", () => {
  assert(
    property(integer({ min: 1_024, max: 2 ** 40 }), (size) => {
      expect([isBlobLength(blobBytesOf(size)), paddedFileBytes(size) <= size * 1.12]).toEqual([true, true]);
    }),
  );
});

test.each([-1, 1_095.5, Number.NaN, 2 ** 53, Infinity])("%d is no length of a blob", (length) => {
  expect(isBlobLength(length)).toBe(false);
});
