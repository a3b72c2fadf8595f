import { expect, test } from "vitest";
import { keepsMetadata, sheetProblem } from "./sheet-view.ts";

const MiB = 1_048_576;

test("[AT25] too large a file says both sizes before it is sent", () => {
  expect(sheetProblem([{ size: 195 * MiB }], 100 * MiB)).toBe("At most 100 MB; this file has 195 MB.");
  expect(sheetProblem([{ size: 6 * MiB }, { size: 5 * MiB }], 5 * MiB)).toBe(
    "At most 5 MB; this file has 6 MB.",
  );
  expect(sheetProblem([{ size: 195 * MiB }, { size: 101 * MiB }], 100 * MiB)).toBe(
    "2 files are larger than 100 MB, the most that can be sent here.",
  );
});

test("ten files go into one message, eleven do not", () => {
  const files = (count: number) => Array.from({ length: count }, () => ({ size: 1 }));
  expect(sheetProblem(files(10), MiB)).toBe(undefined);
  expect(sheetProblem(files(11), MiB)).toBe(
    "A message takes up to 10 files. Remove some and send them after.",
  );
});

test.each([
  ["image/jpeg", false],
  ["image/heic", true],
  ["image/tiff", true],
  ["application/pdf", false],
])("for %s the person is warned: %s", (type, warned) => {
  expect(keepsMetadata({ type })).toBe(warned);
});
