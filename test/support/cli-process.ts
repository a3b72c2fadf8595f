/** The command line as a person runs it: a process with arguments, standard input and two outputs. */
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");

export interface CliEnd {
  /** Undefined: killed. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliRun {
  readonly child: ChildProcess;
  readonly ended: Promise<CliEnd>;
  /** What it has printed so far. */
  stdout(): string;
}

export interface CliInput {
  readonly home: string;
  readonly server?: string;
  readonly password?: string;
  readonly newPassword?: string;
  readonly recoveryCode?: string;
  readonly input?: string;
}

export function startCli(
  args: readonly string[],
  { home, server, password, newPassword, recoveryCode, input }: CliInput,
): CliRun {
  const script = path.join(root, "frontend/cli/main.ts");
  const options = ["--home", home, ...(server === undefined ? [] : ["--server", server])];
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", script, ...args, ...options],
    {
      cwd: root,
      env: {
        PATH: process.env["PATH"],
        ...(password !== undefined && { SOTTO_PASSWORD: password }),
        ...(newPassword !== undefined && { SOTTO_NEW_PASSWORD: newPassword }),
        ...(recoveryCode !== undefined && { SOTTO_RECOVERY_CODE: recoveryCode }),
      },
    },
  );
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.end(input ?? "");
  const ended = new Promise<CliEnd>((resolve) => {
    child.once("close", (code) => resolve({ code: code ?? undefined, stdout, stderr }));
  });
  return { child, ended, stdout: () => stdout };
}

export function runCli(args: readonly string[], input: CliInput): Promise<CliEnd> {
  return startCli(args, input).ended;
}
