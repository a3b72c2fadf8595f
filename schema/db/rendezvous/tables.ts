/** Storage of one rendezvous object: the sealed messages of one link, for two minutes. */
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** One row, from the first message until the id may be forgotten. */
export const link = sqliteTable("link", {
  openedAtMs: integer("opened_at_ms").primaryKey(),
  /** The one account that answers here, once a device of it has read or written. */
  account: text("account"),
  /** 1 once either side gave up, or the time was over. */
  over: integer("over").notNull(),
});

export const messages = sqliteTable("messages", {
  slot: text("slot").primaryKey(),
  /** base64url; nothing the server could open. */
  data: text("data").notNull(),
});
