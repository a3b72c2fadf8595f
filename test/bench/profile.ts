/**
 * `node test/bench/profile.ts [messages in flight] [group]`: where the send path spends its time. Samples the isolate through
 * workerd's inspector while the load generator runs, and prints the functions by the time in them alone, then by the
 * time in them and all that they call. Native work (SQLite, the
 * socket) shows as the function that called it, `(program)` as the runtime outside JavaScript.
 */
import { ensureDevSecrets } from "#worker/dev/secrets.ts";
import { openInspector } from "../support/inspector.ts";
import { freePort } from "../support/server.ts";
import { startGenerator } from "./load/generator.ts";
import { Ours } from "./ours.ts";

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly children?: readonly number[];
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const inFlight = Number(process.argv[2] ?? 64);
const rows = 30;

function printTimes({ nodes, samples, timeDeltas }: Profile): void {
  const nameOf = new Map(
    nodes.map(({ id, callFrame }) => {
      const place = callFrame.lineNumber > 0 ? `:${callFrame.lineNumber + 1}` : "";
      return [id, `${callFrame.functionName === "" ? "(anonymous)" : callFrame.functionName}${place}`];
    }),
  );
  const parentOf = new Map(nodes.flatMap(({ id, children }) => (children ?? []).map((child) => [child, id])));
  const [alone, whole] = [new Map<string, number>(), new Map<string, number>()];
  const add = (times: Map<string, number>, name: string, us: number): void =>
    void times.set(name, (times.get(name) ?? 0) + us);
  let totalUs = 0;
  samples.forEach((sample, index) => {
    const us = timeDeltas[index] ?? 0;
    totalUs += us;
    add(alone, nameOf.get(sample) ?? "?", us);
    const callers = new Set<string>();
    for (let id: number | undefined = sample; id !== undefined; id = parentOf.get(id)) {
      callers.add(nameOf.get(id) ?? "?");
    }
    for (const name of callers) add(whole, name, us);
  });
  for (const [title, times] of [
    ["alone", alone],
    ["with what they call", whole],
  ] as const) {
    console.log(title);
    const sorted = [...times].sort(([, a], [, b]) => b - a).slice(0, rows);
    for (const [name, us] of sorted)
      console.log(`${((us / totalUs) * 100).toFixed(1).padStart(5)} %  ${name}`);
  }
}

await ensureDevSecrets();
const inspectorPort = await freePort();
const ours = await Ours.start({ inspectorPort });
const generator = startGenerator();
try {
  const isGroup = process.argv[3] === "group";
  const conversation = isGroup ? await ours.group(2) : await ours.converse();
  const inspector = await openInspector(inspectorPort);
  const send = (method: string, params?: object): Promise<unknown> => inspector.send(method, params);
  await send("Profiler.enable");
  await send("Profiler.setSamplingInterval", { interval: 200 });
  const until = { warmUpMs: 1500, measureMs: 6000 };
  const load = generator.run({ conversations: [conversation], inFlight, until });
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await send("Profiler.start");
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const { profile } = (await send("Profiler.stop")) as { profile: Profile };
  const { messagesPerSecond, ackP50Ms } = await load;
  console.log(`${Math.round(messagesPerSecond)} messages/s, ack p50 ${ackP50Ms.toFixed(2)} ms while sampled`);
  printTimes(profile);
} finally {
  generator.close();
  await ours.server.close();
}
process.exit(0);
