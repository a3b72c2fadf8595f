import { expect, test } from "vitest";
import { avatarHue, avatarHues, initials } from "./avatar-look.ts";

test("an account has the same hue every time, within the palette", () => {
  expect(avatarHue("AAAAAAAAAAAAAAAAAAAAAA")).toBe(avatarHue("AAAAAAAAAAAAAAAAAAAAAA"));
  const hues = new Set(Array.from({ length: 500 }, (_, index) => avatarHue(`account-${index}`)));
  expect([...hues].sort((a, b) => a - b)).toEqual(Array.from({ length: avatarHues }, (_, index) => index));
});

test.each([
  ["anna.lindqvist", "AL"],
  ["tomas_v", "TV"],
  ["ilse", "I"],
  ["felix.the.very.long.name", "FN"],
  ["Chamber choir", "CC"],
  ["🎄 at Anna’s", "🎄A"],
  ["", ""],
])("the initials of %j are %j", (name, expected) => {
  expect(initials(name)).toBe(expected);
});
