/**
 * `npm run bench [-- --quick] [-- --no-install] [-- --only=PART,PART]`: prints the machine and the table of ratios, and
 * writes bench-results.json. Absolute figures drift from machine to machine; the ratios of one run are what counts.
 */
import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { ensureDevSecrets } from "#worker/dev/secrets.ts";
import { benchAttachments } from "./attachments.ts";
import type { BenchContext } from "./context.ts";
import { benchCrypto } from "./crypto/crypto.ts";
import { benchGroups } from "./groups.ts";
import { benchGrowth } from "./growth.ts";
import { startGenerator } from "./load/generator.ts";
import { Ours } from "./ours.ts";
import { Peer } from "./peer/peer.ts";
import { type BenchResult, printTable, writeResults } from "./result.ts";
import { benchGenerator, benchManyConversations, benchSendPath } from "./send-path.ts";
import { benchChatList, benchResume, benchWakeUp } from "./visits.ts";

const quick = process.argv.includes("--quick");
const install = !process.argv.includes("--no-install");
const only = process.argv
  .find((argument) => argument.startsWith("--only="))
  ?.slice(7)
  .split(",");
const startedAt = performance.now();

function version(name: string): string {
  const file = path.resolve(import.meta.dirname, "../../node_modules", name, "package.json");
  return `${name} ${(JSON.parse(readFileSync(file, "utf8")) as { version: string }).version}`;
}

function load(): string {
  return `load average ${os
    .loadavg()
    .map((value) => value.toFixed(2))
    .join(" ")}`;
}

await ensureDevSecrets();
const memoryGiB = Math.round(os.totalmem() / 2 ** 30);
console.log(`${os.cpus().length} × ${os.cpus()[0]?.model ?? "unknown CPU"}, ${memoryGiB} GiB, ${load()}`);
console.log([`Node ${process.version}`, version("workerd"), version("miniflare"), version("ws")].join(", "));

const peer = await Peer.start({ install });
if (typeof peer === "string") console.log(`No peer in this run: ${peer}.`);
else console.log(`Peer: ${version("socket.io")}, ${version("@socket.io/redis-adapter")}, ${peer.versions}`);

const context: BenchContext = {
  quick,
  install,
  ours: await Ours.start(),
  peer: typeof peer === "string" ? undefined : peer,
  generator: startGenerator(),
};
const parts: readonly ((context: BenchContext) => BenchResult[] | Promise<BenchResult[]>)[] = [
  benchGenerator,
  benchSendPath,
  benchGroups,
  benchManyConversations,
  benchResume,
  benchWakeUp,
  benchGrowth,
  benchChatList,
  benchCrypto,
  benchAttachments,
];
const results: BenchResult[] = [];
try {
  for (const part of parts) {
    if (only?.includes(part.name) === false) continue;
    const partStartedAt = performance.now();
    results.push(...(await part(context)));
    console.log(`${part.name}: ${((performance.now() - partStartedAt) / 1000).toFixed(1)} s`);
  }
} finally {
  context.generator.close();
  await context.ours.server.close();
  await context.peer?.close();
}
printTable(results);
console.log(`${Math.round((performance.now() - startedAt) / 1000)} s, ${load()}`);
writeResults(results);
process.exit(0);
