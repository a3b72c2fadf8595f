/** A server of the benchmark as its own Node process; it says where it listens in its first line of output. */
import { spawn } from "node:child_process";

export interface Child {
  readonly origin: string;
  close(): void;
}

export async function startChild(script: string, args: readonly string[] = []): Promise<Child> {
  const command = ["--disable-warning=ExperimentalWarning", script, ...args];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const origin = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`${script} ended with ${code}`)));
    child.stdout.once("data", (line: Buffer) => {
      const { origin } = JSON.parse(line.toString()) as { origin: string };
      resolve(origin);
    });
  });
  return {
    origin,
    close() {
      process.removeListener("exit", kill);
      kill();
    },
  };
}
