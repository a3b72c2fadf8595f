/**
 * Runs the built Worker (`dist/worker`) on workerd, without the development proxy, until killed. `startServer`
 * (server.ts) starts it as its own process group, so that a test can kill it the hard way. Prints one JSON line,
 * `{"origin": …}`, when it listens.
 *
 * Arguments: state folder, port (0 = any), requests per minute, messages per second (empty = as configured), port of
 * the inspector (empty = none), wrapper (empty = none: the very bundle that a deploy uploads). Lines on its input are
 * repeated on its output once done: `CLASS NAME` evicts that object, as after an idle while; with the faulty wrapper,
 * `archive works`, `archive fails` and `archive hangs` say what the archive does from now on.
 */
import { readD1Migrations } from "@cloudflare/vitest-plugin";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { globSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";

const root = path.resolve(import.meta.dirname, "../..");
const [state = ".tmp/state", port = "0", limit = "100000", messages = "", inspector = "", wrapper = ""] =
  process.argv.slice(2);
const built = path.join(root, "dist/worker");
const configPath = path.join(root, "wrangler.toml");

const { workerOptions } = unstable_getMiniflareWorkerOptions(configPath);
/** The entry that is run around the built bundle, from `test/edge/<wrapper>-worker.ts`. */
function wrapperEntry() {
  const source = readFileSync(path.join(root, `test/edge/${wrapper}-worker.ts`), "utf8");
  return {
    type: "ESModule" as const,
    path: path.join(built, `${wrapper}.js`),
    contents: stripTypeScriptTypes(source.replace("#worker/index.ts", "./index.js")),
  };
}
const bundle = ["index.js", ...globSync("*.sql", { cwd: built })].map((file) => ({
  type: file.endsWith(".js") ? ("ESModule" as const) : ("Text" as const),
  path: path.join(built, file),
  contents: readFileSync(path.join(built, file), "utf8"),
}));
const modules = wrapper === "" ? bundle : [wrapperEntry(), ...bundle];
const ratelimits = Object.fromEntries(
  Object.entries(workerOptions.ratelimits ?? {}).map(([name, options]) => [
    name,
    { ...options, simple: { limit: Number(limit), period: 60 as const } },
  ]),
);

const bindings = {
  ...(workerOptions.bindings as Record<string, string>),
  ...(messages === "" ? {} : { MESSAGES_PER_SECOND: messages }),
  REPORT_PUBLIC_KEY: process.env["REPORT_PUBLIC_KEY"] ?? "",
  RESET_DELAY: process.env["RESET_DELAY"] ?? "",
};

/** What the archive does, and who waits for it to do something else. */
const archive = { state: "works", changed: () => undefined as void, waiting: Promise.resolve() };

async function answerForArchive(): Promise<Response> {
  while (archive.state === "hangs") {
    console.log("archive kept waiting");
    await archive.waiting;
  }
  return new Response(null, { status: archive.state === "works" ? 204 : 503 });
}

function setArchive(state: string): void {
  const { changed } = archive;
  archive.state = state;
  archive.waiting = new Promise((resolve) => (archive.changed = resolve));
  changed();
}

const options = convertV4MiniflareOptions({
  workers: [
    {
      ...workerOptions,
      name: "sotto",
      rootPath: built,
      modulesRoot: built,
      modules,
      ratelimits,
      bindings,
      ...(wrapper === ""
        ? {}
        : {
            serviceBindings: {
              ...(workerOptions.serviceBindings as Record<string, never> | undefined),
              FAULTS: answerForArchive,
            },
          }),
      unsafeDirectSockets: [{ host: "127.0.0.1", port: Number(port) }],
    },
  ],
});
const server = new Miniflare({
  ...options,
  resourcePersistencePath: path.resolve(state),
  ...(inspector === "" ? {} : { inspectorPort: Number(inspector) }),
});
await server.ready;

const config = unstable_readConfig({ config: configPath });
for (const { binding, migrations_dir: directory } of config.d1_databases) {
  const database = await server.getD1Database(binding);
  const applied = await database
    .prepare("SELECT name FROM sqlite_master WHERE name = 'd1_migrations'")
    .first();
  if (applied !== null || directory === undefined) continue;
  const migrations = await readD1Migrations(path.join(root, directory));
  const queries = migrations.flatMap((migration) => migration.queries);
  const ledger = "CREATE TABLE d1_migrations(id INTEGER PRIMARY KEY, name TEXT UNIQUE)";
  await database.batch([...queries, ledger].map((query) => database.prepare(query)));
}
const direct = await server.unsafeGetDirectURL("sotto");
console.log(JSON.stringify({ origin: direct.origin }));

for await (const line of createInterface({ input: process.stdin })) {
  const [className = "", name = ""] = line.split(" ");
  if (className === "archive") setArchive(name);
  else await evict(className, name);
  console.log(line);
}

/**
 * An object that was idle for long enough has gone to sleep by itself, which comes to the same. One that is busy all the while is
 * not evicted at the first attempt.
 */
async function evict(className: string, name: string, attempts = 5): Promise<void> {
  try {
    await server.unsafeEvictDurableObject("sotto", className, { name, webSockets: "hibernate" });
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    if (message.includes("not currently running")) return;
    if (!message.includes("active references") || attempts === 1) throw error;
    await evict(className, name, attempts - 1);
  }
}
