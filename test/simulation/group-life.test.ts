/**
 * Groups on real clients under the simulation of `full.test.ts`: people come in, are put out, rename the group, give it pictures and links and
 * lose devices, at once and from processes that die in between. At rest every device that is in must show the same.
 */
import { beforeAll, expect, test } from "vitest";
import { type FaultKind, lifeKinds } from "./faults.ts";
import { simulateFull } from "./full/simulate.ts";

const ofLinks: readonly FaultKind[] = ["link_followed", "joined_by_link", "asked_by_link", "let_in"];
/** What hardly happens in so few runs. */
const rare: readonly FaultKind[] = ["renamed_after_revocation", "not_let_in", "link_ended"];

beforeAll(async () => void (await simulateFull({ seed: 1, groups: true })));

test.each([
  [24, { groups: true }, lifeKinds.filter((kind) => !rare.includes(kind) && !ofLinks.includes(kind))],
  [12, { groups: true, links: true, steps: 120 }, ofLinks],
])(
  "[CL270] [CL271] [CL272] [CL273] %i seeds end alike on every device: %o",
  { timeout: 300_000 },
  async (seeds, options, expected) => {
    const failed: { seed: number; violations: readonly string[] }[] = [];
    const counts = new Map<FaultKind, number>();
    let messages = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const report = await simulateFull({ seed, ...options });
      if (report.violations.length > 0) failed.push({ seed, violations: report.violations });
      messages += report.messages;
      for (const [kind, times] of report.faults) counts.set(kind, (counts.get(kind) ?? 0) + times);
    }
    expect(failed).toEqual([]);
    expect(messages).toBeGreaterThan(8 * seeds);
    expect(expected.filter((kind) => (counts.get(kind) ?? 0) === 0)).toEqual([]);
  },
);

test("a seed of groups on real clients gives the same run every time", async () => {
  const first = await simulateFull({ seed: 4, groups: true });
  expect(await simulateFull({ seed: 4, groups: true })).toEqual(first);
});

test.each([
  [116, "a settings key was kept, and never handed out after a conflict"],
  [12, "of several names under one key that came late, only the newest was told"],
  [63, "a device that had not heard that it was out waited for the time in between for ever"],
  [228, "an operation of a new device was refused when an older one of its account was in the same batch"],
  [74, "a picture was deleted whose operation was accepted though the answer was lost"],
  [53, "who was put out meanwhile was told of an internal error"],
  [252, "a device that spoke before it was placed in the log could take in nothing more"],
])("seed %i of groups on real clients once showed: %s", async (seed) => {
  expect((await simulateFull({ seed, groups: true })).violations).toEqual([]);
});
