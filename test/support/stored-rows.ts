/** Counts the rows of every table of every SQLite file under a server's state, to show that nothing was stored. */
import { globSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Tables that move by themselves: the platform's own, alarms, and counters of attempts. */
const ignored = /^(_cf_|sqlite_|d1_migrations|alarms|login_attempts|bundle_claims)/;

/** `file:table` → rows, for all tables that hold any. */
export function storedRows(state: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const file of globSync("**/*.sqlite", { cwd: state })) {
    if (/cache|ratelimit/i.test(file)) continue;
    const database = new DatabaseSync(path.join(state, file), { readOnly: true });
    try {
      const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
      for (const { name } of tables) {
        if (typeof name !== "string" || ignored.test(name)) continue;
        const { n } = database.prepare(`SELECT count(*) AS n FROM "${name}"`).get() ?? {};
        if (Number(n) > 0) counts[`${file}:${name}`] = Number(n);
      }
    } finally {
      database.close();
    }
  }
  return counts;
}
