/** Two command lines, each a process of its own: a long text line by line, and what they say when something is wrong. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { runCli, startCli } from "../support/cli-process.ts";
import { eventually } from "../support/people.ts";
import { freePort, startServer } from "../support/server.ts";

const server = await startServer();
const folder = mkdtempSync(path.join(tmpdir(), "sotto-cli-"));
const passwords = { anna: "correct horse battery", ben: "staple correct horse" } as const;
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const home = (name: string): string => path.join(folder, name);

test("[CL85] a thousand lines sent by one process reach another as they are, in order, once", async () => {
  const text = readFileSync(path.join(import.meta.dirname, "../data/opticks.txt"), "utf8");
  const lines = text.split("\n").filter((line) => line.length > 0);
  expect(lines.length).toBe(1_000);
  for (const name of ["anna", "ben"] as const) {
    const input = { home: home(name), server: server.origin, password: passwords[name] };
    const { code, stdout } = await runCli(["register", name], input);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^([0-9A-HJKMNP-TV-Z]{5}-){7}[0-9A-HJKMNP-TV-Z]{5}\n$/),
    ]);
  }
  const startedAtMs = performance.now();
  const listening = startCli(["listen", "--count", "1000", "--json"], { home: home("ben") });
  const sent = await runCli(["send", "ben", "--lines"], { home: home("anna"), input: text });
  expect([sent.code, sent.stderr]).toEqual([0, expect.stringMatching(/^1000 acknowledged in /)]);
  const heard = await listening.ended;
  const seconds = (performance.now() - startedAtMs) / 1_000;
  expect([heard.code, heard.stderr]).toEqual([0, ""]);
  expect(textsOf(heard.stdout, "anna")).toEqual(lines);

  for (const [name, peer, author] of [
    ["anna", "ben", "me"],
    ["ben", "anna", "anna"],
  ] as const) {
    const { code, stdout } = await runCli(["history", peer, "--json"], { home: home(name) });
    expect([name, code]).toEqual([name, 0]);
    expect(textsOf(stdout, author)).toEqual(lines);
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { seq: number }).seq),
    ).toEqual(lines.map((_, index) => index + 1));
  }
  console.log(
    `${sent.stderr.trim()}; read at the other end after ${seconds.toFixed(1)} s with both start-ups`,
  );
});

function textsOf(output: string, author: string): string[] {
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { from: string; text: string })
    .filter(({ from }) => from === author)
    .map((line) => line.text);
}

test("[CL86] a wrong password, an unknown name or a missing account is said in one line, and nothing is kept", async () => {
  const other = {
    home: home("other"),
    server: server.origin,
    password: "not the password",
    recoveryCode: "x",
  };
  expect(await runCli(["login", "anna"], other)).toEqual({
    code: 1,
    stdout: "",
    stderr: "sotto: wrong_credentials\n",
  });
  expect(await runCli(["login", "nobody"], other)).toEqual({
    code: 1,
    stdout: "",
    stderr: "sotto: wrong_credentials\n",
  });
  const notMine = { ...other, password: passwords.anna, recoveryCode: "00000-".repeat(8).slice(0, -1) };
  expect(await runCli(["login", "anna"], notMine)).toEqual({
    code: 1,
    stdout: "",
    stderr: "sotto: wrong_recovery_code\n",
  });
  expect(await runCli(["history", "ben"], { home: home("other") })).toEqual({
    code: 1,
    stdout: "",
    stderr: "sotto: not_signed_in\n",
  });
  expect(await runCli(["send", "nobody", "hello"], { home: home("anna") })).toEqual({
    code: 1,
    stdout: "",
    stderr: "sotto: user_not_found\n",
  });
  expect(await runCli(["register", "ben"], other)).toEqual({
    code: 1,
    stdout: "",
    stderr: "sotto: username_taken\n",
  });
  expect(await runCli(["send", "ben"], { home: home("anna") })).toMatchObject({ code: 1, stdout: "" });
  expect(await runCli(["sing", "ben"], { home: home("anna") })).toMatchObject({ code: 2, stdout: "" });
});

test("[CL87] a home serves one process at a time, and is free again after that process was killed", async () => {
  const first = startCli(["listen", "--json"], { home: home("ben") });
  const lock = path.join(home("ben"), "lock");
  await eventually("the first process has the home", () => {
    return existsSync(lock) && readFileSync(lock, "utf8") === String(first.child.pid);
  });
  expect(await runCli(["history", "anna"], { home: home("ben") })).toEqual({
    code: 1,
    stdout: "",
    stderr: "sotto: another process uses this home folder\n",
  });
  await runCli(["send", "ben", "are you there"], { home: home("anna") });
  await eventually(
    "the first process still hears",
    () => textsOf(first.stdout() || "{}", "anna").length === 1,
  );
  first.child.kill("SIGKILL");
  await first.ended;
  const { code, stdout } = await runCli(["history", "anna", "--json"], { home: home("ben") });
  expect([code, textsOf(stdout, "anna").at(-1)]).toEqual([0, "are you there"]);
});

test("[CL88] a server that is away is said to be, and history still opens", async () => {
  const away = `http://127.0.0.1:${await freePort()}`;
  const stranger = { home: home("away"), server: away, password: "whatever it is" };
  expect(await runCli(["register", "carla"], stranger)).toEqual({
    code: 1,
    stdout: "",
    stderr: "sotto: offline\n",
  });
  const sent = await runCli(["send", "ben", "into the void"], { home: home("anna"), server: away });
  expect(sent).toEqual({ code: 1, stdout: "", stderr: "sotto: offline\n" });
  const { code, stdout } = await runCli(["history", "ben", "--json"], { home: home("anna"), server: away });
  expect([code, textsOf(stdout, "me").length]).toEqual([0, 1_001]);
  const back = await runCli(["send", "ben", "here again"], { home: home("anna"), server: server.origin });
  expect(back.code).toBe(0);
});
