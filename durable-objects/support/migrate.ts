/** Brings an object's storage up to date with the generated migrations, each in its own transaction. */
import { hasTable, type Sql } from "./sql.ts";

export interface Migration {
  readonly tag: string;
  readonly sql: string;
}

const breakpoint = "--> statement-breakpoint";

export function migrate(sql: Sql, migrations: readonly Migration[]): void {
  const done = new Set(appliedTags(sql));
  for (const migration of migrations) {
    if (done.has(migration.tag)) continue;
    sql.transaction(() => {
      sql.all("CREATE TABLE IF NOT EXISTS migrations (tag TEXT PRIMARY KEY)");
      for (const statement of migration.sql.split(breakpoint)) sql.all(statement);
      sql.all("INSERT INTO migrations (tag) VALUES (?)", migration.tag);
    });
  }
}

function appliedTags(sql: Sql): string[] {
  if (!hasTable(sql, "migrations")) return [];
  return sql.all<{ tag: string }>("SELECT tag FROM migrations").map((row) => row.tag);
}
