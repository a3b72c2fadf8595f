/**
 * `npm test`: everything a contributor must pass, in the order that fails fastest, with a closing line of counts.
 * Each check counts as one; each vitest test counts as one.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { findBrowser } from "./support/find-browser.ts";

const root = path.resolve(import.meta.dirname, "..");
const results = path.join(root, ".tmp/results");
const only = process.argv.slice(2);

interface Outcome {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly failures: readonly string[];
}

/** What of vitest's JSON report is read here. */
interface Report {
  readonly numFailedTests: number;
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Every failed test: its file, its name and the head of what it said; a file that broke as a whole by its message. */
function failuresOf(report: Report): string[] {
  const head = (text: string): string => text.split("\n").slice(0, 6).join("\n    ");
  return report.testResults.flatMap(({ name, message, assertionResults }) => {
    const file = path.relative(root, name);
    const failed = assertionResults.filter(({ status }) => status === "failed");
    if (failed.length === 0) return message === "" ? [] : [`${file}\n    ${head(message)}`];
    return failed.map((test) => `${file} > ${test.fullName}\n    ${head(test.failureMessages.join("\n"))}`);
  });
}

function run(args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

async function check(name: string, args: readonly string[]): Promise<Outcome> {
  const startedAt = Date.now();
  console.log(`\n── ${name}`);
  const code = await run(args);
  const seconds = (Date.now() - startedAt) / 1000;
  return { name, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, seconds, failures: [] };
}

async function suite(project: string): Promise<Outcome> {
  const startedAt = Date.now();
  console.log(`\n── tests: ${project}`);
  const report = path.join(results, `${project}.json`);
  const code = await run([
    "node_modules/vitest/vitest.mjs",
    "run",
    "--config=test/vitest.config.ts",
    `--project=${project}`,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ]);
  const seconds = (Date.now() - startedAt) / 1000;
  try {
    const json = JSON.parse(readFileSync(report, "utf8")) as Report;
    const failed = json.numFailedTests;
    const uncounted = code !== 0 && failed === 0 ? 1 : 0; // a suite that broke outside its tests
    return {
      name: project,
      passed: json.numPassedTests,
      failed: failed + uncounted,
      skipped: json.numPendingTests + json.numTodoTests,
      seconds,
      failures: failuresOf(json),
    };
  } catch {
    return { name: project, passed: 0, failed: 1, skipped: 0, seconds, failures: [] };
  }
}

const steps: readonly (readonly [string, () => Promise<Outcome>])[] = [
  ["format", () => check("format", ["node_modules/oxfmt/bin/oxfmt", "--check"])],
  ["lint", () => check("lint", ["node_modules/oxlint/bin/oxlint", "--type-aware", "--deny-warnings"])],
  ["types", () => check("types", ["worker/dev/typecheck.ts"])],
  ["exports", () => check("dead exports", ["node_modules/knip/bin/knip.js", "--no-progress"])],
  ["spec", () => check("every rule has a test", ["test/support/spec-check.ts"])],
  ["attacks", () => check("every attack is accounted for", ["test/support/attacks-check.ts"])],
  [
    "build",
    () =>
      check("build", [
        "node_modules/vite/bin/vite.js",
        "build",
        "--config=frontend/vite.config.ts",
        "--logLevel=warn",
      ]),
  ],
  ["budget", () => check("bundle budget", ["test/support/bundle-budget.ts"])],
  ["unit", () => suite("unit")],
  ["workers", () => suite("workers")],
  ["server", () => suite("server")],
  ["browser", () => suite("browser")],
];

rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
const chosen = steps.filter(([name]) => only.length === 0 || only.includes(name));
if (chosen.some(([name]) => name === "browser")) process.env["SOTTO_BROWSER"] = findBrowser();

const outcomes: Outcome[] = [];
for (const [, step] of chosen) outcomes.push(await step());

for (const { failures } of outcomes) for (const failure of failures) console.log(`\n── failed: ${failure}`);
console.log("\n── summary");
for (const { name, passed, failed, skipped, seconds } of outcomes) {
  const mark = failed === 0 ? "ok    " : "FAILED";
  const skips = skipped === 0 ? "" : `, ${skipped} skipped`;
  console.log(
    `${mark} ${name.padEnd(22)} ${String(passed).padStart(5)} passed, ${failed} failed${skips}  (${seconds.toFixed(1)} s)`,
  );
}
const sum = (key: "passed" | "failed" | "skipped"): number =>
  outcomes.reduce((total, o) => total + o[key], 0);
const skips = sum("skipped") === 0 ? "" : `, ${sum("skipped")} skipped`;
console.log(`\n${sum("passed")} passed, ${sum("failed")} failed${skips}`);
process.exit(sum("failed") === 0 ? 0 : 1);
