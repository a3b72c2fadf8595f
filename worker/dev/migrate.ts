/** Applies D1 migrations to every local database that wrangler.toml binds, in the way wrangler itself records them. */
import { readD1Migrations } from "@cloudflare/vitest-plugin";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { getPlatformProxy, unstable_readConfig } from "wrangler";
import { root } from "./paths.ts";

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

if (import.meta.main) console.log(`${await migrateLocal()} migration(s) applied`);
