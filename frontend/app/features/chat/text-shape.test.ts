import { expect, test } from "vitest";
import { foldedText, isJumbo } from "./text-shape.ts";

test.each(["🥁", "👍🏽", "👩‍👩‍👧‍👦 🎂", "🇸🇪🇫🇮🇳🇴", " ❤️ "])("%s is set large", (text) => {
  expect(isJumbo(text)).toBe(true);
});

test.each(["", "ok", "👍 ok", "🥁🥁🥁🥁", "1", "#"])("%j is set as text", (text) => {
  expect(isJumbo(text)).toBe(false);
});

test("a short text is not folded", () => {
  expect(foldedText("a\n".repeat(17))).toBe(undefined);
});

test("many lines are folded to fifteen", () => {
  const text = Array.from({ length: 30 }, (_, index) => `line ${index}`).join("\n");
  expect(foldedText(text)?.split("\n")).toEqual(Array.from({ length: 15 }, (_, index) => `line ${index}`));
});

test("one very long line is folded at a space", () => {
  const folded = foldedText("word ".repeat(400));
  expect(folded?.length).toBeLessThanOrEqual(1_200);
  expect(folded?.endsWith("word")).toBe(true);
});

test("folding never cuts a character in two", () => {
  const folded = foldedText("🎂".repeat(1_600)) ?? "";
  expect(folded.isWellFormed()).toBe(true);
  expect(Array.from(folded)).toHaveLength(1_200);
});
