/**
 * The peer's own servers: PostgreSQL and Redis as Debian ships them, private instances on loopback with data folders
 * of their own. Settings are the packages' defaults; PostgreSQL commits with fsync and `synchronous_commit` on.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, globSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client } from "pg";
import { freePort } from "../../support/server.ts";

export interface PeerServers {
  readonly postgresUrl: string;
  readonly redisUrl: string;
  readonly versions: string;
  close(): Promise<void>;
}

interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly redis: string;
}

const isRoot = process.getuid?.() === 0;

/** Starts both servers, or says in one sentence why they cannot be had. */
export async function startPeerServers(options: {
  readonly install: boolean;
}): Promise<PeerServers | string> {
  let binaries = findBinaries();
  if (binaries === undefined && options.install) {
    const refused = install();
    if (refused !== undefined) return refused;
    binaries = findBinaries();
  }
  if (binaries === undefined) return "PostgreSQL and Redis are not installed";
  const folder = mkdtempSync(path.join(tmpdir(), "sotto-peer-"));
  chmodSync(folder, 0o711);
  const children: ChildProcess[] = [];
  const killAll = (): void => {
    for (const child of children) child.kill("SIGQUIT");
  };
  process.once("exit", killAll);
  try {
    const postgresUrl = await startPostgres(binaries, path.join(folder, "postgres"), children);
    const redisUrl = await startRedis(binaries, children);
    const versions = [binaries.postgres, binaries.redis].map(versionOf).join(", ");
    return {
      postgresUrl,
      redisUrl,
      versions,
      async close() {
        process.removeListener("exit", killAll);
        killAll();
        await Promise.all(children.map(ended));
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    killAll();
    process.removeListener("exit", killAll);
    return `PostgreSQL and Redis did not start: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function findBinaries(): Binaries | undefined {
  const newest = globSync("/usr/lib/postgresql/*/bin/postgres").sort().at(-1) ?? onPath("postgres");
  const redis = onPath("redis-server");
  if (newest === undefined || redis === undefined) return undefined;
  return { postgres: newest, initdb: path.join(path.dirname(newest), "initdb"), redis };
}

function onPath(name: string): string | undefined {
  const found = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

/** Undefined when the packages are there afterwards. */
function install(): string | undefined {
  if (!isRoot || onPath("apt-get") === undefined) {
    return "PostgreSQL and Redis are not installed, and installing Debian's packages takes root and apt-get";
  }
  console.log("Installing Debian's postgresql and redis-server …");
  // Run level 1: the packages do not start their own instances.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const apt = (...args: string[]): number | null =>
    spawnSync("apt-get", ["-qq", "-y", ...args], { stdio: "ignore", env }).status;
  const packages = ["--no-install-recommends", "install", "postgresql", "redis-server"];
  if (apt(...packages) === 0 || (apt("update") === 0 && apt(...packages) === 0)) return undefined;
  return "PostgreSQL and Redis are not installed, and apt-get could not install them";
}

function versionOf(binary: string): string {
  const text = execFileSync(binary, ["--version"], { encoding: "utf8" });
  return `${path.basename(binary)} ${/\d+\.\d+(\.\d+)?/.exec(text)?.[0] ?? "of unknown version"}`;
}

/** PostgreSQL refuses to run as root. */
function asPostgres(command: string, args: readonly string[]): [string, string[]] {
  if (!isRoot) return [command, [...args]];
  return ["setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", command, ...args]];
}

async function startPostgres(binaries: Binaries, data: string, children: ChildProcess[]): Promise<string> {
  mkdirSync(data, { mode: 0o700 });
  if (isRoot) execFileSync("chown", ["postgres:postgres", data]);
  const init = ["-D", data, "-U", "chat", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
  execFileSync(...asPostgres(binaries.initdb, init), { cwd: "/", stdio: "ignore" });
  const port = await freePort();
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories="].flatMap((each) => ["-c", each]);
  const run = ["-D", data, "-p", String(port), ...settings];
  children.push(spawn(...asPostgres(binaries.postgres, run), { cwd: "/", stdio: "ignore" }));
  const url = `postgres://chat@127.0.0.1:${port}/postgres`;
  await untilReady(async () => {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.end();
  });
  return url;
}

async function startRedis(binaries: Binaries, children: ChildProcess[]): Promise<string> {
  const port = await freePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  children.push(spawn(binaries.redis, args, { stdio: "ignore" }));
  await untilReady(() => fetch(`http://127.0.0.1:${port}`).then(undefined, ignoreNotHttp));
  return `redis://127.0.0.1:${port}`;
}

/** Redis closes a connection that speaks HTTP to it; a refused connection means that it does not listen yet. */
function ignoreNotHttp(error: unknown): void {
  const cause = error instanceof Error ? (error.cause as { code?: string } | undefined) : undefined;
  if (cause?.code === "ECONNREFUSED") throw error;
}

async function untilReady(attempt: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}
