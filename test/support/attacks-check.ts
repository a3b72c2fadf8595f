/**
 * Every `[ATTACK n]` title of a test stands in docs/protocol/attacks.md under its number, and every test that the page
 * names exists. A row names tests in backticks, or says `not yet: …`.
 */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");

export interface AttackReport {
  readonly attacks: number;
  /** Rows that name no test. */
  readonly open: readonly number[];
  /** What is wrong, one sentence each. */
  readonly problems: readonly string[];
}

/** `count` attacks are numbered from 1. */
export function compareAttacks(page: string, sources: readonly string[], count: number): AttackReport {
  const literals = new Set(sources.flatMap(literalsOf));
  const rows = rowsOf(page);
  const problems: string[] = [];
  const open: number[] = [];
  for (let attack = 1; attack <= count; attack += 1) {
    const row = rows.get(attack);
    if (row === undefined) problems.push(`attack ${attack} has no row`);
    else if (row.tests.length === 0 && !row.hasReason)
      problems.push(`attack ${attack} names no test and no reason`);
    else if (row.tests.length === 0) open.push(attack);
    for (const test of row?.tests ?? []) {
      if (!literals.has(test)) problems.push(`attack ${attack} names a test that does not exist: ${test}`);
    }
  }
  for (const title of literals) {
    for (const attack of attacksOf(title)) {
      if (rows.get(attack)?.tests.includes(title) !== true)
        problems.push(`a test is not in the row of attack ${attack}: ${title}`);
    }
  }
  return { attacks: rows.size, open, problems };
}

interface Row {
  readonly tests: readonly string[];
  readonly hasReason: boolean;
}

/** `| n | what happens | tests or reason |`. */
function rowsOf(page: string): Map<number, Row> {
  const rows = new Map<number, Row>();
  for (const [, number, shown = ""] of page.matchAll(/^\| (\d+) +\|.*\|(.*)\|$/gm)) {
    const tests = [...shown.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
    rows.set(Number(number), { tests, hasReason: /not yet: \S/.test(shown) });
  }
  return rows;
}

/** Texts in quotation marks on one line: the titles of tests are among them. */
function literalsOf(source: string): string[] {
  return [...source.matchAll(/(["'`])((?:\\.|(?!\1).)+)\1/g)].map((match) => match[2] ?? "");
}

/** The numbers at the head of a title, also after the ids of rules. */
function attacksOf(title: string): number[] {
  const head = /^(?:\[[A-Z]+ ?\d+\] ?)+/.exec(title)?.[0] ?? "";
  return [...head.matchAll(/\[ATTACK (\d+)\]/g)].map((match) => Number(match[1]));
}

if (import.meta.main) {
  const page = readFileSync(path.join(root, "docs/protocol/attacks.md"), "utf8");
  const files = globSync("{schema,worker,durable-objects,frontend,test}/**/*.{ts,tsx}", { cwd: root }).filter(
    (file) =>
      (file.includes(".test.") || file.startsWith("test")) && !file.startsWith(path.join("test", "support")),
  );
  const sources = files.map((file) => readFileSync(path.join(root, file), "utf8"));
  const report = compareAttacks(page, sources, 77);
  for (const problem of report.problems) console.error(problem);
  console.log(`${report.attacks} attacks, ${report.open.length} not yet shown by a test`);
  process.exit(report.problems.length === 0 ? 0 : 1);
}
