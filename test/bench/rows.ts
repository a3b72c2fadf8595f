/**
 * `node test/bench/rows.ts`: what a message writes and calls, counted on the runtime: rows of every statement with the
 * indexes they touch, calls of every object, rows of the archive. The coefficients of docs/capacity.md are these.
 */
import { ensureDevSecrets } from "#worker/dev/secrets.ts";
import { RawClient } from "../soak/raw-client.ts";
import { directSpeech } from "../soak/speech.ts";
import { addRawDevice, createRawConversation, registerRaw } from "../support/raw-account.ts";
import { buildWorker, startServer } from "../support/server.ts";

interface Case {
  readonly name: string;
  readonly messages: number;
  readonly pauseMs: number;
}

const cases: readonly Case[] = [
  { name: "a chat: a message every 1.5 s", messages: 40, pauseMs: 1500 },
  { name: "a burst: as fast as they go", messages: 400, pauseMs: 0 },
  { name: "a loner: a message every 12 s", messages: 5, pauseMs: 12_000 },
];
/** Longer than the last timer that follows a message: sweeping a minute later. */
const settleMs = 70_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

await ensureDevSecrets();
buildWorker();
const server = await startServer({ wrapper: "counting" });

async function counted(): Promise<Record<string, number>> {
  return (await (await fetch(`${server.origin}/api/counted`)).json()) as Record<string, number>;
}

async function converse(name: string): Promise<RawClient[]> {
  const accounts = await Promise.all(
    ["a", "b"].map((side) => registerRaw(server.origin, `rows.${name}${side}`)),
  );
  for (const account of accounts) await addRawDevice(server.origin, account);
  const [first, second] = accounts;
  const device = first?.devices[0];
  if (device === undefined || second === undefined) throw new Error("nobody");
  const id = await createRawConversation(server.origin, device, second);
  return accounts.flatMap((account) =>
    account.devices.map((each) => {
      const speech = directSpeech(id, accounts, account, each);
      return new RawClient(server.origin, id, speech, account, each);
    }),
  );
}

function print({ name, messages }: Case, counts: Record<string, number>): void {
  const isRow = (key: string): boolean => !key.startsWith("call ") && key !== "D1 statements";
  const rows = Object.entries(counts).filter(([key, count]) => isRow(key) && count > 0);
  const sum = rows.reduce((total, [, count]) => total + count, 0);
  console.log(`\n${name}: ${(sum / messages).toFixed(1)} rows a message`);
  const sorted = Object.entries(counts).sort(([, a], [, b]) => b - a);
  for (const [key, count] of sorted)
    if (count > 0) console.log(`  ${(count / messages).toFixed(2).padStart(7)}  ${key}`);
}

try {
  for (const [index, each] of cases.entries()) {
    const clients = await converse(String.fromCodePoint(99 + index));
    const [writer] = clients;
    if (writer === undefined) throw new Error("nobody writes");
    await pause(6000);
    await counted();
    for (let message = 1; message <= each.messages; message += 1) {
      await writer.write();
      await pause(each.pauseMs);
    }
    while (!(await Promise.all(clients.map((client) => client.isSettled(each.messages)))).every(Boolean))
      await pause(50);
    await pause(settleMs);
    print(each, await counted());
    await Promise.all(clients.map((client) => client.close()));
  }
} finally {
  await server.close();
}
process.exit(0);
