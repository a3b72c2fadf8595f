/**
 * The whole message engine under a seeded simulation: the real cores of conversations and inboxes over SQLite whose
 * disk flushes late, wired by calls and sockets that fail, with devices that follow the client's rules.
 *
 * What it proves: the promises in `oracle.ts`, for the pure cores and the order in which they talk to storage, sockets,
 * alarms and each other. What it does not: the hibernating classes themselves (test/edge), ciphers and the real client
 * (test/contract/client, test/browser; its rules are restated by `device.ts`), the Worker's routes.
 */
import { expect, test } from "vitest";
import { type FaultKind, directFaultKinds } from "./faults.ts";
import { mutants } from "./mutants.ts";
import { simulate } from "./simulate.ts";

const seeds = 200;

test(
  `${seeds} seeds keep every promise, and every kind of fault happened`,
  { timeout: 120_000 },
  async () => {
    const failed: { seed: number; violations: readonly string[] }[] = [];
    const counts = new Map<FaultKind, number>();
    let messages = 0;
    let acknowledged = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const report = await simulate({ seed });
      if (report.violations.length > 0) failed.push({ seed, violations: report.violations });
      messages += report.messages;
      acknowledged += report.acknowledged;
      for (const [kind, times] of report.faults) counts.set(kind, (counts.get(kind) ?? 0) + times);
    }
    expect(failed).toEqual([]);
    expect(directFaultKinds.filter((kind) => (counts.get(kind) ?? 0) === 0)).toEqual([]);
    expect(messages).toBeGreaterThan(20 * seeds);
    expect(acknowledged).toBeGreaterThan(20 * seeds);
  },
);

test("a seed gives the same run every time", async () => {
  const first = await simulate({ seed: 7 });
  expect(await simulate({ seed: 7 })).toEqual(first);
});

test.each([
  [120, "a late repetition opened an ended session again, and its device was locked out"],
  [166, "a passed-on receipt was confirmed before its commit, and lost with the instance"],
  [4272, "an older device set overtook a newer one while the conversation was being created"],
])("seed %i once showed: %s", async (seed) => {
  expect((await simulate({ seed })).violations).toEqual([]);
});

for (const { name, variant, withinSeeds } of mutants) {
  test(`caught within ${withinSeeds} seeds: ${name}`, { timeout: 60_000 }, async () => {
    const caught: string[] = [];
    for (let seed = 1; seed <= withinSeeds && caught.length === 0; seed += 1) {
      caught.push(...(await simulate({ seed, variant })).violations);
    }
    expect(caught).not.toEqual([]);
  });
}
