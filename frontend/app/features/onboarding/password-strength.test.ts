import { expect, test } from "vitest";
import { passwordStrength } from "./password-strength.ts";

test.each([
  ["", "too_short"],
  ["shorter", "too_short"],
  ["😀😀😀😀😀", "too_short"],
  ["aaaaaaaaaaaaaaaaaaaa", "weak"],
  ["abcdefghijkl", "weak"],
  ["Password2026!", "weak"],
  ["mira.k loves tea", "weak"],
  ["kettle bread", "fair"],
  ["three quiet winter trams", "strong"],
  ["Rv7-quiet#Tram", "strong"],
])("%j is %s", (password, expected) => {
  expect(passwordStrength(password, "mira.k")).toBe(expected);
});
