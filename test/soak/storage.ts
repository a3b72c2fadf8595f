/** What the server has on its disk, read from the files themselves. */
import { globSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { archivedRows } from "../support/archive-rows.ts";
import type { Entry } from "./oracle.ts";

/**
 * Bytes that all databases hold. Not the size of their files: what SQLite has written ahead and not merged yet comes and
 * goes by some megabytes for each object, however much is stored.
 */
export function storageBytes(state: string): number {
  return databases(state, "**").reduce((sum, file) => {
    const value = (database: DatabaseSync, pragma: string): number =>
      Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0] ?? 0);
    return sum + reading(file, (database) => value(database, "page_count") * value(database, "page_size"));
  }, 0);
}

export interface StoredConversation {
  readonly conversationId: string;
  readonly lastSeq: number;
}

/** Every conversation that an object has on disk. */
export function storedConversations(state: string): StoredConversation[] {
  return databases(state, "do/sotto-Conversation").flatMap((file) =>
    reading(file, (database) => {
      const record = recordOf(database);
      if (record === undefined) return [];
      const last = database.prepare("SELECT max(last_seq) AS seq FROM log").get();
      return [{ conversationId: record, lastSeq: Number(last?.["seq"] ?? 0) }];
    }),
  );
}

/** The messages that the object of a conversation still keeps itself. */
export function keptLog(state: string, conversationId: string): Entry[] {
  return databases(state, "do/sotto-Conversation").flatMap((file) =>
    reading(file, (database) => {
      if (recordOf(database) !== conversationId) return [];
      const rows = database.prepare("SELECT first_seq AS seq, ids, heads FROM log ORDER BY first_seq").all();
      return rows.flatMap((row) => {
        const heads = String(row["heads"]).split(",");
        return String(row["ids"])
          .split(",")
          .map((clientMessageId, index) => ({
            seq: Number(row["seq"]) + index,
            clientMessageId,
            sender: (heads[index] ?? "").split(".").slice(0, 2).join("."),
          }));
      });
    }),
  );
}

export interface TimedWork {
  /** Of the device that is furthest behind. */
  readonly deliveredSeq: number;
  /** Names of the alarms that are set. */
  readonly alarms: readonly string[];
}

/** Receipts and timed work of a conversation, as its object has them on disk. */
export function timedWorkOf(state: string, conversationId: string): TimedWork {
  const found = databases(state, "do/sotto-Conversation").flatMap((file) =>
    reading(file, (database) => {
      if (recordOf(database) !== conversationId) return [];
      const delivered = database.prepare("SELECT min(delivered_seq) AS seq FROM devices").get();
      const alarms = database.prepare("SELECT name FROM alarms ORDER BY name").all();
      return [{ deliveredSeq: Number(delivered?.["seq"]), alarms: alarms.map(({ name }) => String(name)) }];
    }),
  );
  if (found[0] === undefined) throw new Error(`${conversationId} is not on the disk`);
  return found[0];
}

/** The conversation's whole log: what its archive shard holds. */
export function archivedLog(state: string, conversationId: string): Entry[] {
  return archivedRows(state, conversationId).map(({ seq, clientMessageId, sender }) => ({
    seq,
    clientMessageId,
    sender: `${sender.account}.${sender.device}`,
  }));
}

function databases(state: string, folder: string): string[] {
  return globSync(`${folder}/*.sqlite`, { cwd: state })
    .filter((file) => path.basename(file) !== "metadata.sqlite")
    .map((file) => path.join(state, file));
}

function reading<Result>(file: string, read: (database: DatabaseSync) => Result): Result {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    return read(database);
  } finally {
    database.close();
  }
}

/** The conversation that this database belongs to. */
function recordOf(database: DatabaseSync): string | undefined {
  const table = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'conversation'").get();
  const record = table && database.prepare("SELECT conversation_id AS id FROM conversation").get();
  return record === undefined ? undefined : String(record["id"]);
}
