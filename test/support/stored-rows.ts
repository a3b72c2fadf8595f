/** Reads every table of every SQLite file under a server's state, to show that nothing was stored or changed. */
import { createHash } from "node:crypto";
import { globSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Tables that move by themselves: the platform's own, alarms, and counters of attempts. */
const ignored = /^(_cf_|sqlite_|d1_migrations|alarms|login_attempts|bundle_claims)/;

/** `file:table` → rows, for all tables that hold any. */
export function storedRows(state: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { table, rows } of tablesOf(state)) if (rows.length > 0) counts[table] = rows.length;
  return counts;
}

/** When a device was last connected: it moves with every socket that opens or ends, refused frames or not. */
const movesBySockets = "last_seen_ms";

/** `file:table` → a digest of its rows, so that a changed value shows as well as an added row. */
export function storedDigests(state: string): Record<string, string> {
  const digests: Record<string, string> = {};
  for (const { table, rows } of tablesOf(state)) {
    const text = JSON.stringify(rows, (key, value: unknown) => (key === movesBySockets ? undefined : value));
    digests[table] = createHash("sha256").update(text).digest("base64url");
  }
  return digests;
}

/** Names of the alarms that objects have set: what is still going to move by itself. */
export function pendingAlarms(state: string): string[] {
  return globSync("do/**/*.sqlite", { cwd: state }).flatMap((file) => {
    const database = new DatabaseSync(path.join(state, file), { readOnly: true });
    try {
      const hasAlarms =
        database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'alarms'").get() !== undefined;
      const rows = hasAlarms ? database.prepare("SELECT name FROM alarms").all() : [];
      return rows.map(({ name }) => String(name));
    } finally {
      database.close();
    }
  });
}

function* tablesOf(state: string): Generator<{ readonly table: string; readonly rows: unknown[] }> {
  for (const file of globSync("**/*.sqlite", { cwd: state })) {
    if (/cache|ratelimit/i.test(file)) continue;
    const database = new DatabaseSync(path.join(state, file), { readOnly: true });
    try {
      const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
      for (const { name } of tables) {
        if (typeof name !== "string" || ignored.test(name)) continue;
        yield { table: `${file}:${name}`, rows: database.prepare(`SELECT * FROM "${name}"`).all() };
      }
    } finally {
      database.close();
    }
  }
}
