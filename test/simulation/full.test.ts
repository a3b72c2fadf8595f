/**
 * The whole product but its pages under a seeded simulation: the real client on every device, with its engine, ratchets
 * and storage, against the real cores of conversations and inboxes. Every device must end with exactly the accepted log,
 * and read all of it that was sent to it.
 *
 * What it leaves out: the ciphers themselves (ML-KEM is a toy here; test/vectors, test/contract/client), signatures that
 * the Worker checks, the hibernating classes (test/edge), pages (test/browser).
 */
import { beforeAll, expect, test } from "vitest";
import { type FaultKind, directFaultKinds } from "./faults.ts";
import { ForgetfulStore } from "./full/device.ts";
import { type FullRunOptions, simulateFull } from "./full/simulate.ts";
import { mutants } from "./mutants.ts";

const seeds = 96;
/** What light devices notice or do, or what hardly happens in so few and short runs. */
const others: readonly FaultKind[] = [
  "device_revoked",
  "session_renewed",
  "signed_out_everywhere",
  "set_mismatch",
  "set_behind",
  "send_repeated",
  "rate_limited",
];

/** Parts of the client are loaded when they are first needed, which takes real time: from then on a seed is a run. */
beforeAll(async () => void (await simulateFull({ seed: 1 })));

test(`${seeds} seeds end with one readable log on every device`, { timeout: 300_000 }, async () => {
  const failed: { seed: number; violations: readonly string[] }[] = [];
  const counts = new Map<FaultKind, number>();
  let messages = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const report = await simulateFull({ seed });
    if (report.violations.length > 0) failed.push({ seed, violations: report.violations });
    messages += report.messages;
    for (const [kind, times] of report.faults) counts.set(kind, (counts.get(kind) ?? 0) + times);
  }
  expect(failed).toEqual([]);
  expect(messages).toBeGreaterThan(8 * seeds);
  expect(directFaultKinds.filter((kind) => !others.includes(kind) && (counts.get(kind) ?? 0) === 0)).toEqual(
    [],
  );
});

test("a seed gives the same run every time, ratchets and all", async () => {
  const first = await simulateFull({ seed: 4 });
  expect(await simulateFull({ seed: 4 })).toEqual(first);
});

const caught = ["acknowledges before", "forgets inboxes", "does not recognise", "accepts messages made for"];
const broken: readonly (readonly [string, Omit<FullRunOptions, "seed">])[] = [
  ...mutants
    .filter(({ name }) => caught.some((start) => name.startsWith(start)))
    .map(({ name, variant }) => [name, { variant }] as const),
  ["a device's disk forgets its newest commits when the process dies", { store: () => new ForgetfulStore() }],
];

test.each(broken)("caught within 200 seeds: %s", { timeout: 300_000 }, async (_name, options) => {
  const violations: string[] = [];
  for (let seed = 1; seed <= 200 && violations.length === 0; seed += 1) {
    violations.push(...(await simulateFull({ seed, ...options })).violations);
  }
  expect(violations).not.toEqual([]);
});
