/** The cores' storage interface over Node's own SQLite, with the real migrations. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Migration } from "#durable-objects/support/migrate.ts";
import type { Sql, SqlBinding, SqlRow } from "#durable-objects/support/sql.ts";

const root = path.resolve(import.meta.dirname, "../..");

export interface NodeSql extends Sql {
  /** Makes the next commit fail, as a full disk would. */
  failNextCommit(): void;
}

export function nodeSql(): NodeSql {
  const database = new DatabaseSync(":memory:");
  let isFailing = false;
  const all = <Row extends SqlRow>(statement: string, ...bindings: readonly SqlBinding[]): Row[] =>
    database.prepare(statement).all(...bindings) as unknown as Row[];
  return {
    all,
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the columns
    first: <Row extends SqlRow>(statement: string, ...bindings: readonly SqlBinding[]) =>
      all<Row>(statement, ...bindings)[0],
    transaction(work) {
      database.exec("BEGIN");
      try {
        const result = work();
        if (isFailing) throw new Error("disk full");
        database.exec("COMMIT");
        return result;
      } catch (error) {
        isFailing = false;
        database.exec("ROLLBACK");
        throw error;
      }
    },
    failNextCommit: () => (isFailing = true),
  };
}

export function migrationsOf(database: "conversation" | "inbox" | "rendezvous"): Migration[] {
  const folder = path.join(root, "schema/db", database, "migrations");
  return globSync("*.sql", { cwd: folder })
    .sort()
    .map((file) => ({
      tag: path.basename(file, ".sql"),
      sql: readFileSync(path.join(folder, file), "utf8"),
    }));
}
