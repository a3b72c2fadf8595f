import { expect, test } from "vitest";
import { withRetries } from "./retry.ts";

function failing(fault: object, times: number) {
  let attempts = 0;
  return {
    attempt: () => {
      attempts += 1;
      if (attempts <= times) return Promise.reject(Object.assign(new Error("reset"), fault));
      return Promise.resolve({ ok: true as const, value: attempts });
    },
  };
}

test("a retryable failure is tried again", async () => {
  expect(await withRetries(failing({ retryable: true }, 2).attempt)).toBe(3);
});

test.each([
  ["overloaded", { retryable: true, overloaded: true }, 1],
  ["not retryable", {}, 1],
  ["retryable for ever", { retryable: true }, 9],
])("a failure that is %s becomes unavailable", async (_name, fault, times) => {
  await expect(withRetries(failing(fault, times).attempt)).rejects.toMatchObject({
    kind: "unavailable",
    retryAfterMs: 1_000,
  });
});

test("a refusal is not a failure: it keeps its kind and is not repeated", async () => {
  let attempts = 0;
  const refused = () => {
    attempts += 1;
    return Promise.resolve({ ok: false as const, kind: "not_found" as const, message: "gone" });
  };
  await expect(withRetries(refused)).rejects.toMatchObject({ kind: "not_found", message: "gone" });
  expect(attempts).toBe(1);
});
