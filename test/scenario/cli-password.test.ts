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

test("[CL188] the recovery code in place of a forgotten password, in a folder that is signed in and in a new one", async () => {
  const [password, newPassword] = ["correct horse battery", "three grey herons"];
  const inHome = (name: string) => ({ home: path.join(folder, name), server: server.origin });
  const registered = await runCli(["register", "ben"], { ...inHome("ben"), password });
  const recoveryCode = registered.stdout.trim();
  const wrongCode = recoveryCode.slice(0, -1) + (recoveryCode.endsWith("7") ? "8" : "7");
  const forgotten = ["password", "--forgotten"];
  expect(await runCli(forgotten, { ...inHome("ben"), recoveryCode: wrongCode, newPassword })).toMatchObject({
    code: 1,
    stderr: "sotto: wrong_recovery_code\n",
  });
  expect(await runCli(forgotten, { ...inHome("ben"), recoveryCode, newPassword })).toMatchObject({ code: 0 });
  const third = { ...inHome("ben anew"), recoveryCode, newPassword: "another seven owls" };
  expect(await runCli(["recover", "nobody"], third)).toMatchObject({
    code: 1,
    stderr: "sotto: wrong_credentials\n",
  });
  expect(await runCli(["recover", "ben"], third)).toEqual({
    code: 0,
    stdout: "",
    stderr: "Signed in, and the new password is set.\n",
  });
  const late = { ...inHome("ben late"), recoveryCode };
  expect(await runCli(["login", "ben"], { ...late, password: newPassword })).toMatchObject({ code: 1 });
  expect(await runCli(["login", "ben"], { ...late, password: third.newPassword })).toMatchObject({ code: 0 });
}, 60_000);
