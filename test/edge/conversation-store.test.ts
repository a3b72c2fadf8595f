import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { SqliteConversationStore } from "#durable-objects/conversation/sqlite-store.ts";
import { migrate } from "#durable-objects/support/migrate.ts";
import { durableSql } from "#durable-objects/support/durable-sql.ts";
import { migrations } from "#schema/db/conversation/migrations.ts";
import { registerConversationStoreSuite } from "#test/contract/conversation-store-suite.ts";

let objects = 0;

registerConversationStoreSuite("object storage", async (work) => {
  objects += 1;
  await runInDurableObject(env.CONVERSATION.getByName(`store${objects}`), (_object, state) => {
    const sql = durableSql(state.storage);
    work(new SqliteConversationStore(sql, () => migrate(sql, migrations)));
  });
});
