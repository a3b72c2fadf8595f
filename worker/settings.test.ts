import { describe, expect, test } from "vitest";
import { resetDelayMs } from "./settings.ts";

const dayMs = 86_400_000;

describe("how long a reset waits", () => {
  test("[AU78] a week unless set, and never less than a day outside development", () => {
    const inProduction = (RESET_DELAY?: string) =>
      resetDelayMs({ ENVIRONMENT: "production", ...(RESET_DELAY !== undefined && { RESET_DELAY }) });
    expect([undefined, "", "30d", "1d", "23h", "5s"].map(inProduction)).toEqual([
      7 * dayMs,
      7 * dayMs,
      30 * dayMs,
      dayMs,
      dayMs,
      dayMs,
    ]);
    expect(resetDelayMs({ ENVIRONMENT: "development", RESET_DELAY: "5s" })).toBe(5_000);
    expect(() => inProduction("soon")).toThrow("duration");
  });
});
