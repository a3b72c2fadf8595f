import * as v from "valibot";
import { expect, test } from "vitest";
import { foldUsername, usernameProblem, usernameSchema } from "./username.ts";

test("[ID2] names are folded to one spelling", () => {
  expect(v.parse(usernameSchema, " Anna.B ")).toBe("anna.b");
  expect(foldUsername("ANNA")).toBe(foldUsername("anna"));
});

test.each([
  ["an", "too_short"],
  ["a".repeat(31), "too_long"],
  ["раypal", "characters"], // Cyrillic r and a
  ["anna\u200b", "characters"],
  ["an na", "characters"],
  [".anna", "characters"],
  ["anna_", "characters"],
  ["an..na", "characters"],
  ["straße", "characters"],
] as const)("[ID2] %j is refused: %s", (name, problem) => {
  expect(usernameProblem(name)).toBe(problem);
});

test.each(["admin", "a.d.m.i.n", "sup_port", "sotto"])("[ID3] %s is reserved", (name) => {
  expect(usernameProblem(name)).toBe("reserved");
});

test("[ID2] an ordinary name has no problem", () => {
  expect(usernameProblem("anna_1990")).toBeUndefined();
});
