import * as v from "valibot";
import { expect, test } from "vitest";
import { accountIdSchema, base64UrlUpTo } from "./ids.ts";

const good = "AAECAwQFBgcICQoLDA0ODw";

test("[ID1] an identifier of the exact length is taken as it stands", () => {
  expect(v.parse(accountIdSchema, good)).toBe(good);
});

test.each([
  ["too short", good.slice(1)],
  ["too long", `${good}A`],
  ["stray bits", `${good.slice(0, -1)}x`],
  ["padding", `${good.slice(0, -2)}==`],
  ["base64, not base64url", good.replace("A", "+")],
  ["not a string", 7],
])("[ID1] an identifier is refused: %s", (_, input) => {
  expect(v.safeParse(accountIdSchema, input).success).toBe(false);
});

test("[ID1] bounded fields refuse impossible lengths", () => {
  const field = base64UrlUpTo(6, 2);
  expect(v.is(field, "AAA")).toBe(true);
  expect(v.is(field, "AAAAA")).toBe(false);
  expect(v.is(field, "AA")).toBe(false);
  expect(v.is(field, "AAAAAAAAA")).toBe(false);
});
