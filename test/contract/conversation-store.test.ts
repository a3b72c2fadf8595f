import { SqliteConversationStore } from "#durable-objects/conversation/sqlite-store.ts";
import { migrate } from "#durable-objects/support/migrate.ts";
import { MemoryConversationStore } from "../support/memory-conversation-store.ts";
import { migrationsOf, nodeSql } from "../support/node-sql.ts";
import { registerConversationStoreSuite } from "./conversation-store-suite.ts";

registerConversationStoreSuite("memory", (work) => work(new MemoryConversationStore()));

registerConversationStoreSuite("SQLite", (work) => {
  const sql = nodeSql();
  work(new SqliteConversationStore(sql, () => migrate(sql, migrationsOf("conversation"))));
});
