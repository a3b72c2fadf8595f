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

/** A figure beside the peer's, or alone when there is none in this run. */
export function compare(name: string, ours: number, peer?: number): BenchResult {
  return {
    name,
    ours,
    peer: peer ?? null,
    ratio: peer === undefined ? null : ours / peer,
    goal: "none",
    met: null,
  };
}

/** Ours may take at most that many times what the peer takes; without a peer the goal stays open. */
export function atMostTimes(most: number, result: BenchResult): BenchResult {
  const met = result.ratio === null ? null : result.ratio <= most;
  return { ...result, goal: `at most ${most} times`, met };
}

/** Ours should do at least that many times what the peer does. */
export function atLeastTimes(least: number, result: BenchResult): BenchResult {
  const met = result.ratio === null ? null : result.ratio >= least;
  return { ...result, goal: `at least ${least} times`, met };
}

/** Ours itself should stay below `limit`. */
export function under(limit: number, unit: string, result: BenchResult): BenchResult {
  return { ...result, goal: `under ${limit} ${unit}`, met: result.ours < limit };
}

/** Ours itself should reach `least`. */
export function atLeast(least: number, unit: string, result: BenchResult): BenchResult {
  return { ...result, goal: `at least ${least} ${unit}`, met: result.ours >= least };
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
