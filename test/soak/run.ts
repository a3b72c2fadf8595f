/**
 * `npm run soak -- [--minutes 30] [--clients 200] [--conversations 50] [--real 3] [--groups 10] [--rate 40] [--every 20] [--storm 0.5]
 * [--seed N]`: the built Worker on workerd under load and bad luck. `rate`: messages a second; `every`: seconds within
 * which each kind of bad luck strikes; `storm`: share of the time in which the server dies too. Prints memory and storage
 * over time; fails when a message was lost, doubled or out of order anywhere, or when the heap keeps growing.
 */
import { parseArgs } from "node:util";
import { ensureDevSecrets } from "#worker/dev/secrets.ts";
import { buildWorker } from "../support/server.ts";
import { growthOf } from "./samples.ts";
import { soak } from "./soak.ts";

/** Beyond this the heap of the objects is not flat: an hour would add more than 15 MB. */
const heapGoalBytesPerMinute = 2 ** 18;

const text = { type: "string" } as const;
const { values } = parseArgs({
  options: {
    minutes: text,
    clients: text,
    conversations: text,
    real: text,
    groups: text,
    rate: text,
    storm: text,
    every: text,
    seed: text,
  },
});
const number = (value: string | undefined, otherwise: number): number => Number(value ?? otherwise);
const minutes = number(values.minutes, 30);
const seed = number(values.seed, 20_261_121);

await ensureDevSecrets();
buildWorker();
const report = await soak({
  seed,
  durationMs: minutes * 60_000,
  clients: number(values.clients, 200),
  conversations: number(values.conversations, 50),
  stormShare: number(values.storm, 0.5),
  real: number(values.real, 3),
  groups: number(values.groups, 10),
  messagesPerSecond: number(values.rate, 40),
  faultEveryMs: number(values.every, 20) * 1_000,
  sampleEveryMs: Math.max(5_000, minutes * 1_000),
  note: console.log,
});
const { memoryBytesPerMinute = 0, heapBytesPerMinute = 0, storageBytesPerMessage } = growthOf(report.samples);
const kinds = Object.entries(report.faults).map(([kind, count]) => `${count} ${kind}`);
console.log(`seed ${seed}: ${report.messages} messages, ${kinds.join(", ")}`);
const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(2);
console.log(
  `once warm, a minute adds ${megabytes(heapBytesPerMinute)} MB to the heap and ` +
    `${megabytes(memoryBytesPerMinute)} MB to the resident memory`,
);
const perMessage = storageBytesPerMessage.map((bytes) => Math.round(bytes ?? 0));
console.log(`storage for each further message: ${perMessage.join(" bytes in the first half, then ")} bytes`);
for (const violation of report.violations) console.log(`VIOLATION ${violation}`);
console.log(
  report.violations.length === 0
    ? "nothing lost, nothing twice, one order"
    : `${report.violations.length} violations`,
);
process.exit(report.violations.length === 0 && heapBytesPerMinute <= heapGoalBytesPerMinute ? 0 : 1);
