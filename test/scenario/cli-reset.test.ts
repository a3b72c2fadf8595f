/** A reset by the command line: every folder is a device of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { runCli, startCli } from "../support/cli-process.ts";
import { eventually } from "../support/people.ts";
import { startServer } from "../support/server.ts";

const server = await startServer({ resetDelay: "8s" });
const folder = mkdtempSync(path.join(tmpdir(), "sotto-cli-reset-"));
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const inHome = (name: string) => {
  return { home: path.join(folder, name), server: server.origin, password: "correct horse battery" };
};

test("[CL183] a folder asks for a reset, another one hears of it, and the first one carries it out", async () => {
  const registered = await runCli(["register", "anna"], inHome("old"));
  const listening = startCli(["listen"], inHome("old"));
  const asked = await runCli(["reset", "ask", "anna"], inHome("new"));
  expect([asked.code, asked.stdout]).toEqual([0, expect.stringContaining("Asked for.")]);
  const early = await runCli(["reset", "finish", "anna"], inHome("new"));
  expect([early.code, early.stderr]).toEqual([1, "sotto: reset_waiting\n"]);
  const elsewhere = await runCli(["reset", "finish", "anna"], inHome("third"));
  expect([elsewhere.code, elsewhere.stderr]).toEqual([1, "sotto: reset_over\n"]);

  const finished = await eventually("the reset", async () => {
    const end = await runCli(["reset", "finish", "anna"], inHome("new"));
    return end.code === 0 && end;
  });
  expect(finished.stdout).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){7}[0-9A-HJKMNP-TV-Z]{5}\n$/);
  expect(finished.stdout).not.toBe(registered.stdout);
  const heard = await listening.ended;
  expect([heard.code, heard.stderr]).toEqual([
    1,
    expect.stringContaining("Somebody with your password resets"),
  ]);
  expect(heard.stderr).toContain("sotto: the session was ended");

  const again = await runCli(["reset", "ask", "anna"], inHome("third"));
  expect(again.code).toBe(0);
  expect(await runCli(["reset", "stop"], inHome("new"))).toMatchObject({ code: 0 });
  const locked = await runCli(["reset", "ask", "anna"], inHome("third"));
  expect([locked.code, locked.stderr]).toEqual([1, "sotto: reset_locked\n"]);
  expect(await runCli(["reset", "perhaps"], inHome("new"))).toMatchObject({ code: 1 });
}, 90_000);
