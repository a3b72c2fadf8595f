/** A message archive shard (D1): the permanent, queryable copy of conversation logs, written behind by the objects. */
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const archivedMessages = sqliteTable(
  "archived_messages",
  {
    conversationId: text("conversation_id").notNull(),
    seq: integer("seq").notNull(),
    senderAccount: text("sender_account").notNull(),
    senderDevice: integer("sender_device").notNull(),
    clientMessageId: text("client_message_id").notNull(),
    serverTimeMs: integer("server_time_ms").notNull(),
    body: text("body").notNull(),
  },
  (table) => [primaryKey({ columns: [table.conversationId, table.seq] })],
);

/** What should never happen, by conversation: absolute numbers, copied from the objects. A conversation without any has no row. */
export const losses = sqliteTable("losses", {
  conversationId: text("conversation_id").primaryKey(),
  /** Messages whose capsules expired before every device had them. */
  lost: integer("lost").notNull(),
  /** Messages that devices of members gave up on. */
  undecryptable: integer("undecryptable").notNull(),
});
