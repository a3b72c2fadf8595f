import { expect, test } from "vitest";
import { titleFor } from "./window.ts";

test.each([
  [0, "Sotto"],
  [3, "(3) Sotto"],
  [121, "(99+) Sotto"],
])("with %i unread messages the title is %s", (unread, expected) => {
  expect(titleFor(unread)).toBe(expected);
});
