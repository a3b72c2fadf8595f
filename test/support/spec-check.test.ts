import { expect, test } from "vitest";
import { compareRules } from "./spec-check.ts";

test("reports rules without a test, tests without a rule, and rules written twice", () => {
  const spec = "- **[CV1]** one\n- **[CV2]** two\n- **[CV2]** again\n- **[CV3]** three";
  const tests = ['test("[CV1] works", …)', "test('[CV9] [CV2] strange', …)"];
  expect(compareRules(spec, tests)).toEqual({
    rules: 3,
    untested: ["CV3"],
    unknown: ["CV9"],
    repeated: ["CV2"],
  });
});
