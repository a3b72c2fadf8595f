/** The directory database (D1): what must be unique over all accounts. Devices and sessions live in inbox objects. */
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

export const accounts = sqliteTable(
  "accounts",
  {
    accountId: text("account_id").primaryKey(),
    username: text("username").notNull(),
    /** 16 bytes; salt of `authHash`. */
    serverSalt: text("server_salt").notNull(),
    /** HMAC-SHA256(pepper, serverSalt ‖ authKey) (CRYPTO 2.13). */
    authHash: text("auth_hash").notNull(),
    clientSalt: text("client_salt").notNull(),
    argon2MemoryKiB: integer("argon2_memory_kib").notNull(),
    argon2Passes: integer("argon2_passes").notNull(),
    vaultVersion: integer("vault_version").notNull(),
    vaultData: text("vault_data").notNull(),
    /** JSON array of `{kind, data}`. */
    vaultWraps: text("vault_wraps").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    /** As `serverSalt` and `authHash`, of the recovery code; null until it is known. */
    recoverySalt: text("recovery_salt"),
    recoveryHash: text("recovery_hash"),
  },
  (table) => [uniqueIndex("accounts_username").on(table.username)],
);

/** Failed sign-ins by HMAC of the name, so that unknown names behave like known ones and names are not stored. */
export const loginAttempts = sqliteTable(
  "login_attempts",
  {
    nameTag: text("name_tag").primaryKey(),
    failures: integer("failures").notNull(),
    windowStartedAtMs: integer("window_started_at_ms").notNull(),
  },
  (table) => [index("login_attempts_window").on(table.windowStartedAtMs)],
);

export const conversations = sqliteTable(
  "conversations",
  {
    conversationId: text("conversation_id").primaryKey(),
    kind: text("kind").notNull(),
    /** Both account ids of a direct conversation in order, so that a pair has one conversation. */
    pairKey: text("pair_key").notNull(),
    archiveShard: integer("archive_shard").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [uniqueIndex("conversations_pair").on(table.pairKey)],
);

/** Sealed to the moderators' key; who reports is all that can be read. */
export const reports = sqliteTable(
  "reports",
  {
    reportId: text("report_id").primaryKey(),
    reporter: text("reporter").notNull(),
    receivedAtMs: integer("received_at_ms").notNull(),
    /** base64url. */
    sealed: text("sealed").notNull(),
  },
  (table) => [index("reports_reporter").on(table.reporter, table.receivedAtMs)],
);

export const conversationMembers = sqliteTable(
  "conversation_members",
  {
    accountId: text("account_id").notNull(),
    conversationId: text("conversation_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.conversationId] })],
);

/** Uploads that are not finished. Names, types and keys of files are nowhere here (CRYPTO 2.11). */
export const uploads = sqliteTable(
  "uploads",
  {
    conversationId: text("conversation_id").notNull(),
    attachmentId: text("attachment_id").notNull(),
    accountId: text("account_id").notNull(),
    /** Of the multipart upload in the bucket. */
    uploadId: text("upload_id").notNull(),
    blobBytes: integer("blob_bytes").notNull(),
    /** When it began or a part last arrived. */
    touchedAtMs: integer("touched_at_ms").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.conversationId, table.attachmentId] }),
    index("uploads_account").on(table.accountId),
    index("uploads_touched").on(table.touchedAtMs),
  ],
);

export const uploadParts = sqliteTable(
  "upload_parts",
  {
    conversationId: text("conversation_id").notNull(),
    attachmentId: text("attachment_id").notNull(),
    part: integer("part").notNull(),
    etag: text("etag").notNull(),
  },
  (table) => [primaryKey({ columns: [table.conversationId, table.attachmentId, table.part] })],
);

/** Finished ones. The object's name in the bucket is derived from both ids, so that reading needs no row. */
export const attachments = sqliteTable(
  "attachments",
  {
    conversationId: text("conversation_id").notNull(),
    attachmentId: text("attachment_id").notNull(),
    accountId: text("account_id").notNull(),
    blobBytes: integer("blob_bytes").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.conversationId, table.attachmentId] })],
);

/** Bytes of an account's uploads and attachments, kept beside them so that no upload has to add them up. */
export const mediaUsage = sqliteTable("media_usage", {
  accountId: text("account_id").primaryKey(),
  bytes: integer("bytes").notNull(),
});
