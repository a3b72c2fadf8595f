/** Storage of one conversation object. */
import { blob, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

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
  /** Every inbox has confirmed everything up to here. */
  toldSeq: integer("told_seq").notNull().default(0),
  /** Messages up to here are counted in their senders' `unread_base`. */
  countedSeq: integer("counted_seq").notNull().default(0),
  /** Counts what kills sender keys: members that went, and devices that were revoked. */
  keyGeneration: integer("key_generation").notNull().default(0),
  /** Messages whose capsules expired before every device had them. */
  lostCount: integer("lost_count").notNull().default(0),
  /** Messages that devices of members gave up on, by their own word. */
  undecryptableCount: integer("undecryptable_count").notNull().default(0),
});

export const members = sqliteTable("members", {
  account: text("account").primaryKey(),
  username: text("username").notNull(),
  listVersion: integer("list_version").notNull(),
  /** Counts the changes of the account's device set; a lower one never replaces a higher one. */
  setEpoch: integer("set_epoch").notNull(),
  readSeq: integer("read_seq").notNull(),
  /** Content messages that are not unread for this member: those up to `read_seq` and its own after it. */
  unreadBase: integer("unread_base").notNull().default(0),
  /** Own messages up to here are in `unread_base`, as are those up to `counted_seq` of the conversation. */
  baseSeq: integer("base_seq").notNull().default(0),
  /** Newest own content message, as far as it is counted. */
  sentSeq: integer("sent_seq").notNull().default(0),
  /** In a group: 1 member, 2 admin, 3 owner. */
  role: integer("role").notNull().default(0),
  /** The operation that brought the account in, and its place in the log: nothing before it is for this member. */
  joinedEpoch: integer("joined_epoch").notNull().default(0),
  joinedSeq: integer("joined_seq").notNull().default(0),
  /** Where what that operation gives along of earlier messages begins; 0: nothing. */
  historyFrom: integer("history_from").notNull().default(0),
});

export const devices = sqliteTable(
  "devices",
  {
    account: text("account").notNull(),
    device: integer("device").notNull(),
    /** 1: must get a capsule of every message; 0: revoked or signed out. */
    active: integer("active").notNull(),
    deliveredSeq: integer("delivered_seq").notNull(),
    /** The newest message when the device came: it got no capsule of that or earlier ones. */
    sinceSeq: integer("since_seq").notNull().default(0),
    /** In a group: the device's place in the bit sets of key holders. */
    slot: integer("slot"),
  },
  (table) => [primaryKey({ columns: [table.account, table.device] })],
);

/** The messages that were committed together, packed into one row; lists are separated by commas. */
export const log = sqliteTable("log", {
  firstSeq: integer("first_seq").primaryKey(),
  lastSeq: integer("last_seq").notNull(),
  /** Client message ids. */
  ids: text("ids").notNull(),
  /**
   * Of each message, separated by dots: account and device of its sender, time in milliseconds, 1 for content and 0 for what
   * nobody reads, how many without content there are up to it (unread counts without counting), devices it was accepted for, length of its
   * body in base64url.
   */
  heads: text("heads").notNull(),
  /** Each followed by zeros up to a multiple of three bytes; older rows have a text of base64url with commas. */
  bodies: blob("bodies").notNull(),
});

/** Message ids, so many to a row that the log's rows need not be read for them; those of a row that is not full yet are in the log alone. */
export const ids = sqliteTable("ids", {
  /** 0 has those of messages 1 to 128, 1 those of the next ones … */
  row: integer("row").primaryKey(),
  /** Separated by commas, empty for what was not in the log any more. */
  ids: text("ids").notNull(),
});

/**
 * The capsules of messages that were committed together, packed into one row: a row each would fill half of its page.
 * Swept as a whole.
 */
export const capsules = sqliteTable("capsules", {
  firstSeq: integer("first_seq").primaryKey(),
  lastSeq: integer("last_seq").notNull(),
  serverTimeMs: integer("server_time_ms").notNull(),
  /**
   * Each followed by zeros up to a multiple of three bytes; older rows have a JSON object from sequence number to an object from device
   * address key to base64url.
   */
  data: blob("data").notNull(),
  /** Of each capsule: sequence number, account, device, length in base64url. Empty in older rows. */
  places: text("places").notNull().default(""),
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

/** One row in a group: what its operations gave, besides the members. */
export const groupHead = sqliteTable("group_head", {
  epoch: integer("epoch").primaryKey(),
  /** opHash of the newest operation, base64url. */
  opHash: text("op_hash").notNull(),
  rotationEpoch: integer("rotation_epoch").notNull(),
  settingsEpoch: integer("settings_epoch").notNull(),
  /** Sealed, base64url. */
  settings: text("settings").notNull(),
  /** Payload of the newest invite operation that was not taken back, base64url. */
  invite: text("invite"),
  /** 1: somebody was removed since. */
  inviteEnded: integer("invite_ended").notNull().default(0),
  dissolved: integer("dissolved").notNull(),
});

/** Every operation of a group: joiners need all of them, long after the log is pruned. */
export const operations = sqliteTable("operations", {
  epoch: integer("epoch").primaryKey(),
  seq: integer("seq").notNull(),
  /** base64url. */
  operation: text("operation").notNull(),
});

/** Former members whose inboxes have not confirmed that they are out. */
export const departures = sqliteTable("departures", {
  account: text("account").primaryKey(),
  epoch: integer("epoch").notNull(),
});

/** Which devices hold a sender key. A row of an older generation says that the key is dead. */
export const senderKeys = sqliteTable(
  "sender_keys",
  {
    account: text("account").notNull(),
    device: integer("device").notNull(),
    keyId: text("key_id").notNull(),
    generation: integer("generation").notNull(),
    /** Bit set by device slot, base64url. */
    holders: text("holders").notNull(),
  },
  (table) => [primaryKey({ columns: [table.account, table.device, table.keyId] })],
);

/** Who asked to be let into a group by its invite link. */
export const joinRequests = sqliteTable("join_requests", {
  account: text("account").primaryKey(),
  username: text("username").notNull(),
  requestedAtMs: integer("requested_at_ms").notNull(),
  /** Of the invite, base64url, as the proof of knowing its secret. */
  publicKey: text("public_key").notNull(),
  proof: text("proof").notNull(),
  /** 1: an admin said no. */
  refused: integer("refused").notNull(),
});
