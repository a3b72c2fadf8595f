/** Storage of one inbox object: the account's devices, sessions, prekeys, queues and conversation summaries. */
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** One row. */
export const account = sqliteTable("account", {
  accountId: text("account_id").primaryKey(),
  username: text("username").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  /** Counts changes that conversation objects must hear of: device sets and ended sessions. */
  epoch: integer("epoch").notNull(),
  /** Who may see when this account is online. */
  presence: text("presence").notNull().default("contacts"),
  /** When the last device went, to the minute. */
  lastSeenMs: integer("last_seen_ms").notNull().default(0),
  /** No reset may be asked for before: a device stopped one. */
  resetLockedUntilMs: integer("reset_locked_until_ms").notNull().default(0),
  /** 0: it is that of the registration. */
  passwordChangedAtMs: integer("password_changed_at_ms").notNull().default(0),
  /** The device it was last changed from. */
  passwordChangedBy: integer("password_changed_by").notNull().default(0),
});

/** The copies of a device's store that were seen, so that one which was put back, or runs elsewhere, is noticed. */
export const profiles = sqliteTable(
  "profiles",
  {
    device: integer("device").notNull(),
    /** Chosen by the store; empty for a connection that named none. */
    profile: text("profile").notNull(),
    /** The highest it has presented. */
    epoch: integer("epoch").notNull(),
    /** 1: it was presented with an epoch that had been used, so that two stores go by this name. */
    burnt: integer("burnt").notNull(),
    /** 1: the last one that came. */
    present: integer("present").notNull(),
    seenAtMs: integer("seen_at_ms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.device, table.profile] })],
);

/** Requests to reset the account, by whoever lost its keys. */
export const resets = sqliteTable("resets", {
  /** SHA-256 of the secret that the asking browser keeps, base64url. */
  claimHash: text("claim_hash").primaryKey(),
  requestedAtMs: integer("requested_at_ms").notNull(),
  effectiveAtMs: integer("effective_at_ms").notNull(),
  expiresAtMs: integer("expires_at_ms").notNull(),
  /** DLH of the list that carried it out, until its device has come: the answer may be lost. */
  usedList: text("used_list"),
});

export const deviceLists = sqliteTable("device_lists", {
  version: integer("version").primaryKey(),
  list: text("list").notNull(),
  /** DLH (CRYPTO 2.1), base64url. */
  hash: text("hash").notNull(),
});

export const devices = sqliteTable("devices", {
  device: integer("device").primaryKey(),
  name: text("name").notNull(),
  certificate: text("certificate").notNull(),
  /** 1 while the newest device list says active. */
  active: integer("active").notNull(),
  /** The device's own signed statement that it was signed out. */
  signOut: text("sign_out"),
  /** 1: its key opens no new session. */
  barred: integer("barred").notNull(),
  enrolledAtMs: integer("enrolled_at_ms").notNull(),
  /** Position of the newest to-device message. */
  lastPosition: integer("last_position").notNull(),
});

export const sessions = sqliteTable("sessions", {
  sessionId: text("session_id").primaryKey(),
  device: integer("device").notNull(),
  expiresAtMs: integer("expires_at_ms").notNull(),
  /** JSON array of SHA-256 of the refresh tokens in force: one, or several while answers got lost. */
  currentHashes: text("current_hashes").notNull(),
  /** SHA-256 of the token that was rotated last. */
  previousHash: text("previous_hash"),
  rotatedAtMs: integer("rotated_at_ms").notNull(),
  lastActiveDayMs: integer("last_active_day_ms").notNull(),
});

/** Sessions that conversation objects may still have to hear the end of. */
export const endedSessions = sqliteTable("ended_sessions", {
  sessionId: text("session_id").primaryKey(),
  epoch: integer("epoch").notNull(),
  endedAtMs: integer("ended_at_ms").notNull(),
});

export const signedPrekeys = sqliteTable("signed_prekeys", {
  device: integer("device").primaryKey(),
  signedPrekey: text("signed_prekey").notNull(),
  lastResort: text("last_resort").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
});

/** `data` is null once handed out: the row stays, so that the same key uploaded again is not handed out twice. */
export const oneTimePrekeys = sqliteTable(
  "one_time_prekeys",
  {
    device: integer("device").notNull(),
    kind: text("kind").notNull(),
    keyId: integer("key_id").notNull(),
    data: text("data"),
    changedAtMs: integer("changed_at_ms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.device, table.kind, table.keyId] })],
);

/** How often another account has claimed bundles here in the running hour. */
export const bundleFetches = sqliteTable("bundle_fetches", {
  requester: text("requester").primaryKey(),
  windowStartedAtMs: integer("window_started_at_ms").notNull(),
  count: integer("count").notNull(),
});

/** To-device messages. `data` is null once acknowledged: the row stays for a while against repeated sends. */
export const deviceMessages = sqliteTable(
  "device_messages",
  {
    device: integer("device").notNull(),
    position: integer("position").notNull(),
    senderAccount: text("sender_account").notNull(),
    senderDevice: integer("sender_device").notNull(),
    id: text("id").notNull(),
    data: text("data"),
    serverTimeMs: integer("server_time_ms").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.device, table.position] }),
    uniqueIndex("device_messages_idempotency").on(
      table.device,
      table.id,
      table.senderAccount,
      table.senderDevice,
    ),
  ],
);

export const conversations = sqliteTable(
  "conversations",
  {
    conversationId: text("conversation_id").primaryKey(),
    kind: text("kind").notNull(),
    /** The other account of a direct conversation; empty in a group. */
    peerAccount: text("peer_account").notNull(),
    peerUsername: text("peer_username").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    updatedAtMs: integer("updated_at_ms").notNull(),
    lastSeq: integer("last_seq").notNull(),
    readSeq: integer("read_seq").notNull(),
    unread: integer("unread").notNull(),
    /** 0 until this account opened the conversation or it has a message. */
    visible: integer("visible").notNull(),
    /** JSON of the newest message, without its capsule. */
    lastMessage: text("last_message"),
    /** JSON array of the members' receipts. */
    receipts: text("receipts").notNull(),
    /** Epoch of the peer's device set that this account's devices have heard of. */
    peerEpoch: integer("peer_epoch").notNull(),
    /** The conversation object has heard of the account's changes up to this epoch. */
    toldEpoch: integer("told_epoch").notNull(),
    /** 1 once this account opened the conversation or wrote in it: the peer is a contact. */
    accepted: integer("accepted").notNull().default(0),
    /** In a group: its newest epoch and number of members, as far as they were told. */
    groupEpoch: integer("group_epoch").notNull().default(0),
    memberCount: integer("member_count").notNull().default(0),
    /** Epochs in which this account last came into the group and went; it is in while the first is higher. */
    joinedEpoch: integer("joined_epoch").notNull().default(0),
    leftEpoch: integer("left_epoch").notNull().default(0),
    /** JSON of the lowest watermarks. */
    low: text("low"),
  },
  (table) => [
    index("conversations_recent").on(table.updatedAtMs, table.conversationId),
    index("conversations_peer").on(table.peerAccount),
  ],
);

/** Receipts that came over the inbox socket and wait for their conversation object. */
export const receiptOutbox = sqliteTable(
  "receipt_outbox",
  {
    conversationId: text("conversation_id").notNull(),
    device: integer("device").notNull(),
    delivered: integer("delivered").notNull(),
    read: integer("read").notNull(),
  },
  (table) => [primaryKey({ columns: [table.conversationId, table.device] })],
);

export const alarms = sqliteTable("alarms", {
  name: text("name").primaryKey(),
  atMs: integer("at_ms").notNull(),
  attempts: integer("attempts").notNull(),
});
