/** Type-checks every environment by its own tsconfig, two at a time, and names each one that fails. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, "../..");
const tsc = path.join(root, "node_modules/typescript/bin/tsc");

const environments = [
  "schema",
  "worker",
  "worker/dev",
  "durable-objects",
  "frontend",
  "frontend/core",
  "frontend/crypto-worker",
  "frontend/sw",
  "frontend/app",
  "frontend/cli",
  "test",
  "test/edge",
  "test/bench/bare",
];

async function check(environment: string): Promise<boolean> {
  const project = path.join(root, environment, "tsconfig.json");
  if (!existsSync(project)) return true;
  try {
    await run(process.execPath, [tsc, "-p", project], { maxBuffer: 1 << 26 });
    console.log(`types ok      ${environment}`);
    return true;
  } catch (error) {
    const output = (error as { stdout?: string }).stdout ?? "";
    if (output.includes("TS18003")) return true; // an environment without source files yet
    console.error(`types FAILED  ${environment}\n${output}`);
    return false;
  }
}

const queue = [...environments];
const results: boolean[] = [];
async function worker(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) results.push(await check(next));
}
await Promise.all([worker(), worker()]);
process.exit(results.every(Boolean) ? 0 : 1);
