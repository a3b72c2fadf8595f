import { expect, test } from "vitest";
import { EnvelopeError } from "#schema/envelope/envelope-error.ts";
import { SottoError } from "#schema/errors.ts";
import { failure, outwardError } from "./answer.ts";

test("[HT6] a fault of ours shows nothing of itself", async () => {
  const fault = new Error("SQLITE_ERROR near secret");
  const answer = failure(outwardError(fault), { requestId: "r" });
  expect([answer.status, await answer.json()]).toEqual([
    500,
    {
      success: false,
      error: { code: "internal", message: "Something went wrong on the server.", requestId: "r" },
    },
  ]);
});

test("[HT6] a refusal keeps its kind, a broken layout is malformed or too new", () => {
  const refused = new SottoError("not_found", "gone");
  expect(outwardError(refused)).toBe(refused);
  expect(outwardError(new EnvelopeError("MALFORMED", "x")).kind).toBe("malformed");
  expect(outwardError(new EnvelopeError("UNSUPPORTED_VERSION", "x")).kind).toBe("unsupported_version");
});

test("waiting times are also told in whole seconds", () => {
  const answer = failure(new SottoError("rate_limited", "wait", { retryAfterMs: 1_001 }), { requestId: "r" });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "2"]);
});
