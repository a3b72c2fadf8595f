/** A message archive shard (D1): the permanent, queryable copy of conversation logs, written behind by the objects. */
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * Messages that were copied together, packed as ../message-pack.ts says. A pack may be written again, longer; after an archive
 * has lost rows, packs may overlap, with the same messages in both.
 */
export const archivedPacks = sqliteTable(
  "archived_packs",
  {
    conversationId: text("conversation_id").notNull(),
    firstSeq: integer("first_seq").notNull(),
    lastSeq: integer("last_seq").notNull(),
    /** Client message ids. */
    ids: text("ids").notNull(),
    /** Account and device of the sender, time in milliseconds. */
    heads: text("heads").notNull(),
    bodies: text("bodies").notNull(),
  },
  (table) => [primaryKey({ columns: [table.conversationId, table.firstSeq] })],
);

/** What should never happen, by conversation: absolute numbers, copied from the objects. A conversation without any has no row. */
export const losses = sqliteTable("losses", {
  conversationId: text("conversation_id").primaryKey(),
  /** Messages whose capsules expired before every device had them. */
  lost: integer("lost").notNull(),
  /** Messages that devices of members gave up on. */
  undecryptable: integer("undecryptable").notNull(),
});
