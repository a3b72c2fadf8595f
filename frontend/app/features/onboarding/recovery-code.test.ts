import { expect, test } from "vitest";
import { checkRecoveryCode, formatRecoveryCode, groupsOf, normalizeRecoveryCode } from "./recovery-code.ts";

const code = "7K3QX-M0N4V-2WTBC-9HJ5R-DZ8EP-6GSY1-QFA4K-3X7MN";

test.each([
  ["as printed", code],
  ["without separators", code.replaceAll("-", "")],
  ["in lower case with spaces and line breaks", code.toLowerCase().replaceAll("-", " \n")],
  ["with long dashes", code.replaceAll("-", " – ")],
  ["with O for 0 and I or l for 1", code.replace("M0N4V", "mOn4v").replace("6GSY1", "6gsyI")],
  ["with l for 1", code.replace("6GSY1", "6gsyl")],
])("a code %s is complete", (_title, typed) => {
  expect(checkRecoveryCode(typed)).toEqual({ state: "complete", code });
});

test("a code being typed tells how far it is", () => {
  expect(checkRecoveryCode("7k3qx-m0")).toEqual({ state: "incomplete", entered: 7 });
  expect(checkRecoveryCode("")).toEqual({ state: "incomplete", entered: 0 });
});

test("a character outside the alphabet is named", () => {
  expect(checkRecoveryCode("7k3qu")).toEqual({ state: "wrong_character", character: "U" });
  expect(checkRecoveryCode("7k3q😀")).toEqual({ state: "wrong_character", character: "😀" });
});

test("a code with too many characters is not complete", () => {
  expect(checkRecoveryCode(`${code}7`)).toEqual({ state: "too_long", entered: 41 });
});

test("formatting and grouping undo normalisation", () => {
  expect(formatRecoveryCode(normalizeRecoveryCode(code))).toBe(code);
  expect(groupsOf(code)).toEqual(code.split("-"));
});
