/** The command line client as a child process, with a home of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");

export interface CliRun {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export interface CliOptions {
  readonly origin: string;
  readonly home: string;
  readonly password?: string;
  readonly input?: string;
}

export function startCli(
  args: readonly string[],
  options: CliOptions,
): { child: ChildProcess; done: Promise<CliRun> } {
  const script = path.join(root, "frontend/cli/main.ts");
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      script,
      ...args,
      "--server",
      options.origin,
      "--home",
      options.home,
    ],
    {
      cwd: root,
      env: { ...process.env, SOTTO_PASSWORD: options.password ?? "correct horse battery staple" },
    },
  );
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
  child.stdin.end(options.input ?? "");
  const done = new Promise<CliRun>((resolve) => {
    child.on("close", (code) => resolve({ stdout, stderr, code: code ?? 1 }));
  });
  return { child, done };
}

/** Runs to the end; throws what it printed when it fails. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<CliRun> {
  const run = await startCli(args, options).done;
  if (run.code !== 0) throw new Error(`sotto ${args.join(" ")} ended with ${run.code}: ${run.stderr}`);
  return run;
}
