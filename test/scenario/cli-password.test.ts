/** Another password by the command line. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { runCli } from "../support/cli-process.ts";
import { startServer } from "../support/server.ts";

const server = await startServer();
const folder = mkdtempSync(path.join(tmpdir(), "sotto-cli-password-"));
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

test("[CL186] a folder changes the password, and the old one opens nothing any more", async () => {
  const [password, newPassword] = ["correct horse battery", "seven quiet owls"];
  const inHome = (name: string) => ({ home: path.join(folder, name), server: server.origin });
  const registered = await runCli(["register", "anna"], { ...inHome("old"), password });
  const refused = [
    await runCli(["password"], { ...inHome("old"), password, newPassword: "too short" }),
    await runCli(["password"], { ...inHome("old"), password, newPassword: password }),
    await runCli(["password"], { ...inHome("old"), password: "not this one", newPassword }),
  ];
  expect(refused.map(({ code, stderr }) => [code, stderr.split("\n")[0]])).toEqual([
    [1, "a password has at least 10 characters"],
    [1, "that is the current password"],
    [1, "sotto: wrong_credentials"],
  ]);
  const recoveryCode = registered.stdout.trim();
  await runCli(["login", "anna"], { ...inHome("second"), password, recoveryCode });
  const scope = ["password", "--scope", "everywhere"];
  expect(await runCli(scope, { ...inHome("old"), password, newPassword })).toEqual({
    code: 0,
    stdout: "",
    stderr: "The password is changed. Other devices that were signed out: 1.\n",
  });
  const late = { ...inHome("third"), recoveryCode };
  expect(await runCli(["login", "anna"], { ...late, password })).toMatchObject({ code: 1 });
  expect(await runCli(["login", "anna"], { ...late, password: newPassword })).toMatchObject({ code: 0 });
}, 60_000);
