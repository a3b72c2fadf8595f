import { expect, test } from "vitest";
import { expiresAtMs, linkOf } from "./invite-link.ts";

test("the code stands behind the #, where no server sees it", () => {
  const link = new URL(linkOf("https://sotto.example", "AbC-_9"));
  expect([link.pathname, link.hash, link.search]).toEqual(["/join", "#AbC-_9", ""]);
});

test("a link is valid for ever, a day or a week", () => {
  expect(expiresAtMs("never", 5)).toBe(undefined);
  expect(expiresAtMs("day", 5)).toBe(86_400_005);
  expect(expiresAtMs("week", 5)).toBe(604_800_005);
});
