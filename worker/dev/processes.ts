/** Starts tools as one family: when one ends or the person presses Ctrl-C, all end, workerd included. */
import { type ChildProcess, spawn } from "node:child_process";
import { root } from "./paths.ts";

export interface Family {
  start(script: string, args: readonly string[], options?: { quiet?: boolean }): ChildProcess;
  stop(code: number): void;
}

export function processFamily(): Family {
  const children: ChildProcess[] = [];
  let stopping = false;

  function stop(code: number): void {
    if (stopping) return;
    stopping = true;
    for (const child of children) child.kill("SIGTERM");
    setTimeout(() => {
      for (const child of children) child.kill("SIGKILL");
      process.exit(code);
    }, 1500).unref();
    void Promise.all(children.map(ended)).then(() => process.exit(code));
  }

  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop(0));

  return {
    start(script, args, options = {}) {
      const output = options.quiet === true ? "ignore" : "inherit";
      const child = spawn(process.execPath, [script, ...args], {
        cwd: root,
        stdio: ["ignore", output, "inherit"],
      });
      children.push(child);
      child.on("exit", (code) => stop(code ?? 1));
      return child;
    },
    stop,
  };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

/** Resolves when the Worker answers its health route. */
export async function untilHealthy(origin: string, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    try {
      const answer = await fetch(`${origin}/api/health`);
      await answer.arrayBuffer();
      if (answer.ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  throw new Error(`${origin} did not become healthy within ${timeoutMs} ms`);
}
