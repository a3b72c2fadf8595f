/**
 * Groups under the simulation of `engine.test.ts`: members come and go while they write, join and lose devices, and change the
 * group at the same time. What is proved is in `group-oracle.ts`; ciphers and executing operations on clients are not.
 */
import { expect, test } from "vitest";
import { type FaultKind, faultKinds } from "./faults.ts";
import { groupMutants } from "./group-mutants.ts";
import { simulate } from "./simulate.ts";

const seeds = 100;
/** What happens too seldom in so few runs. */
const rare: readonly FaultKind[] = ["signed_out_everywhere", "set_behind", "capsules_swept"];

test(
  `[GR2] [GR5] [GR6] [GR8] [GR9] ${seeds} seeds of groups keep every promise`,
  { timeout: 180_000 },
  async () => {
    const failed: { seed: number; violations: readonly string[] }[] = [];
    const counts = new Map<FaultKind, number>();
    let messages = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const report = await simulate({ seed, groups: true });
      if (report.violations.length > 0) failed.push({ seed, violations: report.violations });
      messages += report.messages;
      for (const [kind, times] of report.faults) counts.set(kind, (counts.get(kind) ?? 0) + times);
    }
    expect(failed).toEqual([]);
    expect(faultKinds.filter((kind) => !rare.includes(kind) && (counts.get(kind) ?? 0) === 0)).toEqual([]);
    expect(messages).toBeGreaterThan(20 * seeds);
  },
);

test("a seed of groups gives the same run every time", async () => {
  const first = await simulate({ seed: 7, groups: true });
  expect(await simulate({ seed: 7, groups: true })).toEqual(first);
});

test.each([
  [29, "a device that was revoked changed a group"],
  [6714, "receipts of a new device were dropped because its conversation had not heard of it"],
])("seed %i of groups once showed: %s", async (seed) => {
  expect((await simulate({ seed, groups: true })).violations).toEqual([]);
});

for (const { name, variant, withinSeeds } of groupMutants) {
  test(`caught within ${withinSeeds} seeds of groups: ${name}`, { timeout: 60_000 }, async () => {
    const caught: string[] = [];
    for (let seed = 1; seed <= withinSeeds && caught.length === 0; seed += 1) {
      caught.push(...(await simulate({ seed, variant, groups: true })).violations);
    }
    expect(caught).not.toEqual([]);
  });
}
