/** A thousand lines of a real text from the command line to a person in a browser and to another command line. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CliInput, runCli, startCli } from "../support/cli-process.ts";
import { Person } from "./person.ts";
import { openStage, type Stage } from "./stage.ts";

const book = readFileSync(path.resolve(import.meta.dirname, "../data/opticks.txt"), "utf8");
const lines = book.trimEnd().split("\n");

let stage: Stage;
let homes: string;

beforeAll(async () => {
  stage = await openStage();
  homes = mkdtempSync(path.join(tmpdir(), "sotto-homes-"));
});
afterAll(async () => {
  await stage.close();
  rmSync(homes, { recursive: true, force: true });
});

const at = (name: string): CliInput => ({
  server: stage.origin,
  home: path.join(homes, name),
  password: "correct horse battery staple",
});

function rateOf(stderr: string): string {
  return /[\d.]+ messages\/s/.exec(stderr)?.[0] ?? "no figure";
}

test("the browser and the second command line end with the same 1,000 lines in the same order", async () => {
  const reader = await Person.signUp(stage, "reader");
  for (const name of ["isaac", "halley"]) expect((await runCli(["register", name], at(name))).code).toBe(0);

  const listening = startCli(["listen", "--count", "1000", "--json"], at("halley"));
  const toHalley = await runCli(["send", "halley", "--lines"], { ...at("isaac"), input: book });
  const heard = await listening.ended;
  const texts = heard.stdout
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { text: string }).text);
  expect(texts).toEqual(lines);
  expect([toHalley.code, heard.code]).toEqual([0, 0]);

  const toReader = await runCli(["send", "reader", "--lines"], { ...at("isaac"), input: book });
  expect(toReader.code).toBe(0);
  await reader.openChat("isaac");
  await reader.page.locator("section.log").evaluate((log) => (log.scrollTop = log.scrollHeight));
  await reader.until((seen) => seen.some((message) => message.seq === 1000), "line 1,000", 60_000);
  const whole = await reader.wholeChat();
  expect(whole.map((message) => message.seq)).toEqual(lines.map((_, i) => i + 1));
  expect(whole.map((message) => message.text.trim())).toEqual(lines.map((line) => line.trim()));
  expect(reader.profile.problems).toEqual([]);
  console.log(`to a command line: ${rateOf(toHalley.stderr)}; to a browser: ${rateOf(toReader.stderr)}`);
});
