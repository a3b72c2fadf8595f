/**
 * Applies D1 migrations to every database that wrangler.toml binds: `npm run migrate` to the local ones, in the way
 * wrangler itself records them; `npm run migrate -- --env production` to those deployed.
 */
import { readD1Migrations } from "@cloudflare/vitest-plugin";
import { mkdirSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { parseArgs } from "node:util";
import { getPlatformProxy, unstable_readConfig } from "wrangler";
import { root, toolPath } from "./paths.ts";

const ledger = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`;

interface Statement {
  bind(...values: unknown[]): Statement;
  all(): Promise<{ results: { name: string }[] }>;
  run(): Promise<unknown>;
}
interface Database {
  prepare(sql: string): Statement;
  batch(statements: Statement[]): Promise<unknown>;
}

/** Returns how many migrations were applied. `persistTo` is the folder given to `wrangler dev --persist-to`. */
export async function migrateLocal(persistTo = path.join(root, ".wrangler/state")): Promise<number> {
  const config = unstable_readConfig({ config: path.join(root, "wrangler.toml") });
  const proxy = await getPlatformProxy<Record<string, Database>>({
    configPath: databasesOnlyConfig(config.d1_databases),
    persist: { path: path.join(persistTo, "v3") },
  });
  let applied = 0;
  try {
    for (const { binding, migrations_dir: directory } of config.d1_databases) {
      const database = proxy.env[binding];
      if (database === undefined || directory === undefined) continue;
      await database.prepare(ledger).run();
      const done = await database.prepare("SELECT name FROM d1_migrations").all();
      const names = new Set(done.results.map((row) => row.name));
      for (const migration of await readD1Migrations(path.join(root, directory))) {
        if (names.has(migration.name)) continue;
        const statements = migration.queries.map((query) => database.prepare(query));
        const record = database.prepare("INSERT INTO d1_migrations(name) VALUES (?)").bind(migration.name);
        await database.batch([...statements, record]);
        applied++;
      }
    }
  } finally {
    await proxy.dispose();
  }
  return applied;
}

/** A proxy over the full configuration would warn about Durable Objects that it cannot run; this one has none. */
function databasesOnlyConfig(databases: readonly { binding: string; database_name?: string }[]): string {
  const file = path.join(root, ".tmp/migrate.json");
  mkdirSync(path.dirname(file), { recursive: true });
  const d1 = databases.map(({ binding, database_name }) => ({ binding, database_name }));
  const config = { name: "sotto-migrate", compatibility_date: "2026-10-23", d1_databases: d1 };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

/** Applies them to the deployed databases of an environment, one after the other, through wrangler. */
function migrateDeployed(environment: string): void {
  const config = unstable_readConfig({ config: path.join(root, "wrangler.toml"), env: environment });
  for (const { binding } of config.d1_databases) {
    const args = ["d1", "migrations", "apply", binding, "--remote", "--env", environment];
    const { status } = spawnSync(process.execPath, [toolPath("wrangler"), ...args], { stdio: "inherit" });
    if (status !== 0) throw new Error(`the migrations of ${binding} were not applied`);
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { env: { type: "string" } } });
  if (values.env === undefined)
    console.log(`${await migrateLocal(process.env["SOTTO_STATE"])} migration(s) applied`);
  else migrateDeployed(values.env);
}
