/**
 * Every rule of docs/protocol/SPEC.md (`**[ID]**`) has a test titled `[ID] …`, and every such title names a rule.
 * ATTACK titles belong to docs/protocol/attacks.md and are not rules.
 */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");

export interface SpecReport {
  readonly rules: number;
  readonly untested: readonly string[];
  readonly unknown: readonly string[];
  readonly repeated: readonly string[];
}

export function compareRules(spec: string, tests: readonly string[]): SpecReport {
  const all = [...spec.matchAll(/\*\*\[([A-Z]{2}\d+)\]\*\*/g)].map((match) => match[1] ?? "");
  const rules = new Set(all);
  const titled = new Set(
    tests.flatMap((source) =>
      [...source.matchAll(/["'`]((?:\[[A-Z]{2}\d+\] ?)+)/g)].flatMap((match) =>
        [...(match[1] ?? "").matchAll(/\[([A-Z]{2}\d+)\]/g)].map((id) => id[1] ?? ""),
      ),
    ),
  );
  return {
    rules: rules.size,
    untested: [...rules].filter((id) => !titled.has(id)),
    unknown: [...titled].filter((id) => !rules.has(id)),
    repeated: all.filter((id, i) => all.indexOf(id) !== i),
  };
}

if (import.meta.main) {
  const spec = readFileSync(path.join(root, "docs/protocol/SPEC.md"), "utf8");
  const files = globSync("{schema,worker,durable-objects,frontend,test}/**/*.test.{ts,tsx}", {
    cwd: root,
  }).filter((file) => !file.startsWith(path.join("test", "support")));
  const report = compareRules(
    spec,
    files.map((file) => readFileSync(path.join(root, file), "utf8")),
  );
  for (const id of report.untested) console.error(`rule [${id}] has no test`);
  for (const id of report.unknown) console.error(`a test is titled [${id}], which is no rule`);
  for (const id of report.repeated) console.error(`rule [${id}] is written twice`);
  const bad = report.untested.length + report.unknown.length + report.repeated.length;
  console.log(`${report.rules} rules, ${report.untested.length} without a test`);
  process.exit(bad === 0 ? 0 : 1);
}
