/**
 * `npm run test:sim -- --seeds 10000 [--from 1] [--of direct|groups|full|life]`: many seeds on two threads, with figures; every other seed
 * direct conversations or groups unless one is asked for, `full` with the real client on every device, `life` with groups on top of that.
 * A failing seed is printed with the fewest steps that still show the fault and the events that lead up to it.
 */
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { type FaultKind, faultKinds, lifeKinds } from "./faults.ts";
import { simulateFull } from "./full/simulate.ts";
import { type RunReport, simulate } from "./simulate.ts";

const threads = 2;
const kinds = ["direct", "groups", "full", "life"] as const;
type Kind = (typeof kinds)[number];
const shownEvents = 60;

interface Range {
  readonly from: number;
  readonly seeds: number;
  readonly step: number;
  readonly of: Kind | undefined;
}

interface Failure {
  readonly seed: number;
  readonly shortest: Pick<RunReport, "steps" | "violations" | "log">;
}

interface Figures {
  readonly seeds: number;
  readonly events: number;
  readonly messages: number;
  readonly acknowledged: number;
  readonly faults: readonly (readonly [FaultKind, number])[];
  readonly failures: readonly Failure[];
}

/** The run of `seed` with the fewest steps that still fails. */
async function shortest(run: typeof simulate, seed: number, steps: number): Promise<RunReport | undefined> {
  for (let count = 1; count <= steps; count += 1) {
    const report = await run({ seed, steps: count });
    if (report.violations.length > 0) return report;
  }
  return undefined;
}

function runOf(seed: number, of: Kind | undefined): typeof simulate {
  if (of === "full") return simulateFull;
  if (of === "life") return (options) => simulateFull({ ...options, groups: true });
  // Each thread has every other seed.
  const groups = of === undefined ? seed % 4 > 1 : of === "groups";
  return (options) => simulate({ ...options, groups });
}

async function runRange({ from, seeds, step, of }: Range): Promise<Figures> {
  let events = 0;
  let messages = 0;
  let acknowledged = 0;
  const faults = new Map<FaultKind, number>([...faultKinds, ...lifeKinds].map((kind) => [kind, 0]));
  const failures: Failure[] = [];
  let count = 0;
  for (let seed = from; seed < from + seeds; seed += step) {
    const run = runOf(seed, of);
    const report = await run({ seed });
    count += 1;
    events += report.events;
    messages += report.messages;
    acknowledged += report.acknowledged;
    for (const [kind, times] of report.faults) faults.set(kind, (faults.get(kind) ?? 0) + times);
    if (report.violations.length === 0) continue;
    failures.push({ seed, shortest: (await shortest(run, seed, report.steps)) ?? report });
  }
  return { seeds: count, events, messages, acknowledged, faults: [...faults], failures };
}

function startThread(range: Range): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: range });
    thread.on("message", resolve);
    thread.on("error", reject);
  });
}

function print(all: readonly Figures[], seconds: number): void {
  const sum = (key: "seeds" | "events" | "messages" | "acknowledged"): number =>
    all.reduce((total, figures) => total + figures[key], 0);
  console.log(
    `${sum("seeds")} seeds, ${sum("events")} events, ${sum("messages")} messages, ` +
      `${sum("acknowledged")} acknowledgements, ${seconds.toFixed(1)} s`,
  );
  for (const kind of [...faultKinds, ...lifeKinds]) {
    const times = all.flatMap(({ faults }) => faults).filter(([each]) => each === kind);
    console.log(`  ${kind.padEnd(24)} ${times.reduce((total, [, count]) => total + count, 0)}`);
  }
  for (const { seed, shortest } of all.flatMap(({ failures }) => failures)) {
    console.log(`\nseed ${seed} fails after ${shortest.steps} steps:`);
    for (const violation of shortest.violations) console.log(`  ${violation}`);
    for (const event of shortest.log.slice(-shownEvents)) console.log(`    ${event}`);
  }
}

if (isMainThread) {
  const { values } = parseArgs({
    options: { seeds: { type: "string" }, from: { type: "string" }, of: { type: "string" } },
  });
  const of = kinds.find((kind) => kind === values.of);
  if (values.of !== undefined && of === undefined) throw new Error(`--of is one of ${kinds.join(", ")}`);
  const seeds = Number(values.seeds ?? (of === "full" || of === "life" ? 500 : 1_000));
  const from = Number(values.from ?? 1);
  const startedAtMs = Date.now();
  const ranges = Array.from({ length: threads }, (_, index) => ({
    from: from + index,
    seeds: Math.max(0, seeds - index),
    step: threads,
    of,
  }));
  const all = await Promise.all(ranges.map(startThread));
  print(all, (Date.now() - startedAtMs) / 1000);
  process.exitCode = all.some(({ failures }) => failures.length > 0) ? 1 : 0;
} else {
  // The main thread below started this one with a range.
  parentPort?.postMessage(await runRange(workerData as Range));
}
