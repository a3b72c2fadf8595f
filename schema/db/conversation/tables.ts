/** Storage of one conversation object. */
import { integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** One row. */
export const conversation = sqliteTable("conversation", {
  conversationId: text("conversation_id").primaryKey(),
  kind: text("kind").notNull(),
  archiveShard: integer("archive_shard").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  /** Everything up to here is in the archive. */
  archivedSeq: integer("archived_seq").notNull(),
  /** Capsules up to here are cleared. */
  sweptSeq: integer("swept_seq").notNull(),
  /** Messages up to here are in the archive only. */
  prunedSeq: integer("pruned_seq").notNull().default(0),
});

export const members = sqliteTable("members", {
  account: text("account").primaryKey(),
  username: text("username").notNull(),
  /** Order among the members: `first_member_count` of a message counts those of the member at 0. */
  position: integer("position").notNull(),
  listVersion: integer("list_version").notNull(),
  /** Counts the changes of the account's device set; a lower one never replaces a higher one. */
  setEpoch: integer("set_epoch").notNull(),
  readSeq: integer("read_seq").notNull(),
  /** The member's inbox has confirmed everything up to here. */
  notifiedSeq: integer("notified_seq").notNull(),
  /** `first_member_count` at the read watermark: the message itself may be pruned. */
  readCount: integer("read_count").notNull().default(0),
});

export const devices = sqliteTable(
  "devices",
  {
    account: text("account").notNull(),
    device: integer("device").notNull(),
    /** 1: must get a capsule of every message; 0: revoked or signed out. */
    active: integer("active").notNull(),
    deliveredSeq: integer("delivered_seq").notNull(),
  },
  (table) => [primaryKey({ columns: [table.account, table.device] })],
);

export const messages = sqliteTable(
  "messages",
  {
    seq: integer("seq").primaryKey(),
    senderAccount: text("sender_account").notNull(),
    senderDevice: integer("sender_device").notNull(),
    clientMessageId: text("client_message_id").notNull(),
    serverTimeMs: integer("server_time_ms").notNull(),
    body: text("body").notNull(),
    /** How many messages up to this one the member at position 0 has sent: unread counts without counting. */
    firstMemberCount: integer("first_member_count").notNull(),
  },
  (table) => [
    uniqueIndex("messages_idempotency").on(table.clientMessageId, table.senderAccount, table.senderDevice),
  ],
);

/**
 * The capsules of messages that were committed together, packed into one row: a row each would fill half of its page.
 * Swept as a whole.
 */
export const capsules = sqliteTable("capsules", {
  firstSeq: integer("first_seq").primaryKey(),
  lastSeq: integer("last_seq").notNull(),
  serverTimeMs: integer("server_time_ms").notNull(),
  /** JSON object from sequence number to an object from device address key to capsule. */
  data: text("data").notNull(),
});

/** Sessions that may not open a socket here although their access token has not run out yet. */
export const endedSessions = sqliteTable("ended_sessions", {
  sessionId: text("session_id").primaryKey(),
  endedAtMs: integer("ended_at_ms").notNull(),
});

export const alarms = sqliteTable("alarms", {
  name: text("name").primaryKey(),
  atMs: integer("at_ms").notNull(),
  attempts: integer("attempts").notNull(),
});
