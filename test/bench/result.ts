/** The form that every benchmark's result keeps, and how results are shown and written. */
import { writeFileSync } from "node:fs";
import path from "node:path";

/** `ratio` is ours divided by peer's; `goal` says in words what it should be. */
export interface BenchResult {
  readonly name: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly ratio: number | null;
  readonly goal: string;
  readonly met: boolean | null;
}

const file = path.resolve(import.meta.dirname, "../../bench-results.json");

export function writeResults(results: readonly BenchResult[]): void {
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}

/** At most `most`: ours may take that many times what the peer takes. */
export function atMost(name: string, ours: number, peer: number, most: number): BenchResult {
  const ratio = ours / peer;
  return { name, ours, peer, ratio, goal: `at most ${most} times`, met: ratio <= most };
}

/** A figure without a peer in this run. */
export function figure(name: string, ours: number): BenchResult {
  return { name, ours, peer: null, ratio: null, goal: "none", met: null };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error("no values");
  return middle;
}

export function printTable(results: readonly BenchResult[]): void {
  const number = (value: number | null): string =>
    value === null ? "–" : value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(3);
  const rows = results.map((r) => [
    r.name,
    number(r.ours),
    number(r.peer),
    number(r.ratio),
    r.goal,
    r.met === null ? "" : r.met ? "met" : "NOT MET",
  ]);
  const head = ["benchmark", "ours", "peer", "ratio", "goal", ""];
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
  for (const row of [head, ...rows])
    console.log(row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  "));
}
