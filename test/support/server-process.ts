/**
 * Runs the built Worker (`dist/worker`) on workerd, without the development proxy, until killed. `startServer`
 * (server.ts) starts it as its own process group, so that a test can kill it the hard way. Prints one JSON line,
 * `{"origin": …}`, when it listens.
 *
 * Arguments: state folder, port (0 = any), requests per minute, messages per second (empty = as configured), port of
 * the inspector (empty = none). A line `CLASS NAME` on its input evicts that object, as after an idle while, and is
 * repeated on its output.
 */
import { readD1Migrations } from "@cloudflare/vitest-plugin";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";

const root = path.resolve(import.meta.dirname, "../..");
const [state = ".tmp/state", port = "0", limit = "100000", messages = "", inspector = ""] =
  process.argv.slice(2);
const built = path.join(root, "dist/worker");
const configPath = path.join(root, "wrangler.toml");

const { workerOptions } = unstable_getMiniflareWorkerOptions(configPath);
const modules = ["index.js", ...globSync("*.sql", { cwd: built })].map((file) => ({
  type: file.endsWith(".js") ? ("ESModule" as const) : ("Text" as const),
  path: path.join(built, file),
  contents: readFileSync(path.join(built, file), "utf8"),
}));
const ratelimits = Object.fromEntries(
  Object.entries(workerOptions.ratelimits ?? {}).map(([name, options]) => [
    name,
    { ...options, simple: { limit: Number(limit), period: 60 as const } },
  ]),
);

const bindings = {
  ...(workerOptions.bindings as Record<string, string>),
  ...(messages === "" ? {} : { MESSAGES_PER_SECOND: messages }),
};

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
  await server.unsafeEvictDurableObject("sotto", className, { name, webSockets: "hibernate" });
  console.log(line);
}
