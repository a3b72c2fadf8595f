/**
 * The objects' own SQLite files, read while the server runs and written while it does not: a long history or a long
 * chat list is put there in a second instead of being sent for an hour.
 */
import { globSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { packBytes } from "#durable-objects/support/packed-bytes.ts";

type Kind = "Conversation" | "Inbox";

function open(state: string, kind: Kind, readOnly: boolean): DatabaseSync[] {
  const folder = path.join(state, "do", `sotto-${kind}`);
  return globSync("*.sqlite", { cwd: folder })
    .filter((file) => file !== "metadata.sqlite")
    .map((file) => new DatabaseSync(path.join(folder, file), { readOnly, timeout: 5000 }));
}

/** Messages that the conversations have stored and the archive has not. */
export function archiveBacklog(state: string): number {
  let backlog = 0;
  for (const database of open(state, "Conversation", true)) {
    const query =
      "SELECT (SELECT coalesce(max(last_seq), 0) FROM log) - archived_seq AS n FROM conversation LIMIT 1";
    backlog += Number(database.prepare(query).get()?.["n"] ?? 0);
    database.close();
  }
  return backlog;
}

/** Puts `messages` old messages into a conversation: archived, delivered, read, their capsules swept. */
export function fillHistory(state: string, conversationId: string, messages: number, body: string): void {
  const database = find(state, "Conversation", "conversation", "conversation_id", conversationId);
  const member = database.prepare("SELECT account FROM members ORDER BY account").get();
  database.exec("BEGIN");
  database
    .prepare(
      `WITH RECURSIVE old(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM old WHERE seq < ?)
       INSERT INTO log SELECT seq, seq, lower(hex(randomblob(11))), ?, ? FROM old`,
    )
    .run(
      messages,
      `${String(member?.["account"])}.1.${Date.now() - 60_000}.1.0.1.${body.length}`,
      packBytes([body]),
    );
  const marks = ["archived_seq", "swept_seq", "told_seq", "counted_seq"].map((mark) => `${mark} = ?1`);
  database.prepare(`UPDATE conversation SET ${marks.join(", ")}`).run(messages);
  database.prepare("UPDATE members SET read_seq = ?1, unread_base = ?1, base_seq = ?1").run(messages);
  database.prepare("UPDATE devices SET delivered_seq = ?").run(messages);
  database.exec("COMMIT");
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}

/** Puts members into a group that no inbox knows: two devices each, all up to date. Returns their accounts. */
export function fillMembers(state: string, conversationId: string, members: number): string[] {
  const database = find(state, "Conversation", "conversation", "conversation_id", conversationId);
  const accounts = Array.from({ length: members }, (_, index) => `${String(index).padStart(21, "m")}A`);
  const seq = Number(database.prepare("SELECT max(last_seq) AS seq FROM log").get()?.["seq"]);
  const slot = Number(database.prepare("SELECT max(slot) AS slot FROM devices").get()?.["slot"]) + 1;
  const member = database.prepare(
    `INSERT INTO members (account, username, list_version, set_epoch, read_seq, base_seq, role, joined_epoch, joined_seq)
     VALUES (?, ?, 2, 2, ?, ?, 1, 1, 1)`,
  );
  const device = database.prepare(
    "INSERT INTO devices (account, device, active, delivered_seq, slot) VALUES (?, ?, 1, ?, ?)",
  );
  database.exec("BEGIN");
  for (const [index, account] of accounts.entries()) {
    member.run(account, `member.${index}`, seq, seq);
    for (const id of [1, 2]) device.run(account, id, seq, slot + 2 * index + id - 1);
  }
  database.exec("COMMIT");
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  return accounts;
}

/** Gives an account's chat list `conversations` entries that look as if used. */
export function fillChatList(state: string, account: string, conversations: number): void {
  const database = find(state, "Inbox", "account", "account_id", account);
  const id = "substr(lower(hex(randomblob(11))), 1, 21) || 'A'";
  database
    .prepare(
      `WITH RECURSIVE chat(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM chat WHERE n < ?)
       INSERT INTO conversations (conversation_id, kind, peer_account, peer_username, created_at_ms, updated_at_ms, last_seq,
         read_seq, unread, visible, receipts, peer_epoch, told_epoch, accepted)
       SELECT ${id}, 'direct', ${id}, 'person' || n, 1, 1000 + n, n, n, 0, 1, '[]', 0, 0, 1 FROM chat`,
    )
    .run(conversations);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}

function find(state: string, kind: Kind, table: string, column: string, value: string): DatabaseSync {
  let found: DatabaseSync | undefined;
  for (const database of open(state, kind, false)) {
    const hasTable = database.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(table) !== undefined;
    const isIt =
      hasTable && database.prepare(`SELECT 1 FROM ${table} WHERE ${column} = ?`).get(value) !== undefined;
    if (isIt) found = database;
    else database.close();
  }
  if (found === undefined) throw new Error(`no database holds this ${table}`);
  return found;
}
