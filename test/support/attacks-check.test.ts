import { expect, test } from "vitest";
import { compareAttacks } from "./attacks-check.ts";

test("reports rows without a test, tests without a row, and names of tests that do not exist", () => {
  const page = [
    "| n | What | Shown by |",
    "| 1 | replay → duplicate | `[ATTACK 1] a replay` `[XX1] [ATTACK 1] another` |",
    "| 2 | reorder → fine | not yet: no ratchet |",
    "| 3 | drop → fine | |",
    "| 4 | skip → far | `gone` |",
  ].join("\n");
  const tests = [
    'test("[ATTACK 1] a replay", …)',
    "test('[XX1] [ATTACK 1] another', …)",
    "test(`[ATTACK 2] it's`, …)",
  ];
  expect(compareAttacks(page, tests, 5)).toEqual({
    attacks: 4,
    open: [2],
    problems: [
      "attack 3 names no test and no reason",
      "attack 4 names a test that does not exist: gone",
      "attack 5 has no row",
      "a test is not in the row of attack 2: [ATTACK 2] it's",
    ],
  });
});
