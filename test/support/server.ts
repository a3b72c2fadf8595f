/**
 * The real server for tests and benchmarks: the built Worker on workerd with state on disk, as a process group of
 * its own that can be killed (SIGKILL, no warning) and started again on the same state and port.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");

export interface TestServer {
  /** `http://127.0.0.1:PORT`, the same after every restart. */
  readonly origin: string;
  /** Folder with D1, R2 and Durable Object state. */
  readonly state: string;
  /** Everything the server has written to its output so far. */
  output(): string;
  /** SIGKILL to the whole process group; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts again after `kill`. */
  restart(): Promise<void>;
  /** Takes an object out of memory as an idle while would; its sockets stay, asleep. */
  evict(className: "Conversation" | "Inbox", name: string): Promise<void>;
  /** What the archive's database does from now on; only of a faulty server. A restarted server's archive works. */
  setArchive(state: "works" | "fails" | "hangs"): Promise<void>;
  /** Resident memory of the runtime's process, without Node around it. */
  runtimeMemoryBytes(): number;
  /** Stops every process of the server where it is, until `resume`. */
  pause(): void;
  resume(): void;
  /** Kills and removes the state. */
  close(): Promise<void>;
}

/** Bundles the Worker into dist/worker with wrangler, exactly as a deploy does; the app may be missing. */
export function buildWorker(): void {
  mkdirSync(path.join(root, "dist/client"), { recursive: true });
  const wrangler = path.join(root, "node_modules/wrangler/bin/wrangler.js");
  const args = [wrangler, "deploy", "--dry-run", "--env=", "--outdir=dist/worker"];
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" };
  // Wrangler wants the app's folder to be there; whoever needs the app in it builds it.
  mkdirSync(path.join(root, "dist/client"), { recursive: true });
  execFileSync(process.execPath, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"], env });
}

/**
 * A port that was free a moment ago, outside the range from which systems take the ports of outgoing connections:
 * while a killed server is away, its own clients' connections could take one from there.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

export interface ServerOptions {
  /** Of the first-line rate limits; practically none unless given. */
  readonly requestsPerMinute?: number;
  /** Exact limit of the conversation object; the product's own unless given. */
  readonly messagesPerSecond?: number;
  /** Where the runtime's inspector listens; it does not unless given. */
  readonly inspectorPort?: number;
  /** `faulty`: the archive can be made to fail and to hang. `counting`: rows and calls are counted. */
  readonly wrapper?: "faulty" | "counting";
  /** Key of the moderators; reports are off unless given. */
  readonly reportPublicKey?: string;
  /** How long a reset waits, as in the settings; a week unless given. */
  readonly resetDelay?: string;
}

export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const state = mkdtempSync(path.join(tmpdir(), "sotto-server-"));
  const port = await freePort();
  const limit = String(options.requestsPerMinute ?? 1_000_000);
  const messages = String(options.messagesPerSecond ?? "");
  const inspector = String(options.inspectorPort ?? "");
  let output = "";
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const script = path.join(root, "test/support/server-process.ts");
    const started = spawn(
      process.execPath,
      [script, state, String(port), limit, messages, inspector, options.wrapper ?? ""],
      {
        cwd: root,
        detached: true,
        env: {
          ...process.env,
          REPORT_PUBLIC_KEY: options.reportPublicKey ?? "",
          RESET_DELAY: options.resetDelay ?? "",
        },
        stdio: ["pipe", "pipe", "pipe"],
      },
    );
    child = started;
    const append = (chunk: Buffer): void => {
      output += chunk.toString("utf8");
    };
    started.stderr.on("data", append);
    await new Promise<void>((resolve, reject) => {
      let line = "";
      started.stdout.on("data", (chunk: Buffer) => {
        append(chunk);
        line += chunk.toString("utf8");
        if (line.includes('{"origin":')) resolve();
      });
      started.once("exit", (code) =>
        reject(new Error(`the server ended with ${code}:\n${output.slice(-2000)}`)),
      );
    });
  }

  /** Resolves when the server has repeated the line. */
  function tell(line: string): Promise<void> {
    const running = child;
    return new Promise((resolve, reject) => {
      if (running?.stdin === null || running?.stdout === null || running === undefined)
        return reject(notRunning());
      const onData = (chunk: Buffer): void => {
        if (!chunk.toString("utf8").includes(line)) return;
        running.stdout?.removeListener("data", onData);
        running.stdin?.removeListener("error", reject);
        resolve();
      };
      running.stdout.on("data", onData);
      running.stdin.once("error", reject);
      running.stdin.write(`${line}\n`);
    });
  }

  async function kill(): Promise<void> {
    const dying = child;
    if (dying?.pid === undefined || dying.exitCode !== null || dying.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => dying.once("exit", () => resolve()));
    process.kill(-dying.pid, "SIGKILL");
    await gone;
  }

  function signal(name: "SIGSTOP" | "SIGCONT"): void {
    if (child?.pid === undefined) throw notRunning();
    process.kill(-child.pid, name);
  }

  await start();
  const emergency = (): void => {
    if (child?.pid !== undefined) {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // Already gone.
      }
    }
  };
  process.once("exit", emergency);

  return {
    origin: `http://127.0.0.1:${port}`,
    state,
    output: () => output,
    kill,
    restart: start,
    evict: (className, name) => tell(`${className} ${name}`),
    setArchive: (to) => tell(`archive ${to}`),
    runtimeMemoryBytes: () => runtimeMemoryBytes(child?.pid),
    pause: () => signal("SIGSTOP"),
    resume: () => signal("SIGCONT"),
    async close() {
      await kill();
      process.removeListener("exit", emergency);
      rmSync(state, { recursive: true, force: true });
    },
  };
}

function notRunning(): Error {
  return new Error("the server is not running");
}

/** Of the workerd process under `parent`; Linux only, as the figures of `/proc` are. */
function runtimeMemoryBytes(parent: number | undefined): number {
  if (parent === undefined) throw notRunning();
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ");
  const resident = children.map((pid) => {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const isRuntime = /^Name:\s+workerd$/m.test(status);
    return isRuntime ? Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024 : 0;
  });
  return Math.max(...resident);
}
