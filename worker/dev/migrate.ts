/** Applies D1 migrations to every local database that wrangler.toml binds, in the way wrangler itself records them. */
import { readD1Migrations } from "@cloudflare/vitest-plugin";
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

/** Returns how many migrations were applied. */
export async function migrateLocal(persistTo?: string): Promise<number> {
  const configPath = path.join(root, "wrangler.toml");
  const config = unstable_readConfig({ config: configPath });
  const proxy = await getPlatformProxy<Record<string, Database>>({
    configPath,
    ...(persistTo === undefined ? {} : { persist: { path: persistTo } }),
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

if (import.meta.main) console.log(`${await migrateLocal()} migration(s) applied`);
