import { expect, test } from "vitest";
import { ClientError, type ClientErrorCode } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { attempt, sayProblem } from "./attempt.ts";

/** Fails with these, one after the other, then succeeds. */
function operation(...codes: ClientErrorCode[]) {
  const seen = { runs: 0 };
  const run = async (): Promise<string> => {
    const code = codes[seen.runs];
    seen.runs += 1;
    if (code !== undefined) throw new ClientError(code);
    return "done";
  };
  return { seen, run };
}

test("a lost race is run once more, silently", async () => {
  const { seen, run } = operation("group_changed");
  expect(await attempt(run)).toEqual({ ok: true, value: "done" });
  expect(seen.runs).toBe(2);
});

test("a race lost twice is told", async () => {
  const { seen, run } = operation("group_changed", "group_changed");
  expect(await attempt(run)).toEqual({ ok: false, code: "group_changed" });
  expect(seen.runs).toBe(2);
});

test.each<ClientErrorCode>(["offline", "not_allowed", "user_not_found", "group_full"])(
  "%s is told at once",
  async (code) => {
    const { seen, run } = operation(code);
    expect(await attempt(run)).toEqual({ ok: false, code });
    expect(seen.runs).toBe(1);
  },
);

test("offline says that nothing was changed, because nothing waits to be", () => {
  expect(sayProblem("offline")).toBe(text.groups.info.offline);
  expect(sayProblem("group_full")).toBe(text.errors.group_full);
});
