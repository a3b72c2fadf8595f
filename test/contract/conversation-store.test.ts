import { expect, test } from "vitest";
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

test("an object from before the hot window gets its unread counts, and keeps its log and its capsules", () => {
  const sql = nodeSql();
  const [first, ...later] = migrationsOf("conversation");
  migrate(sql, first === undefined ? [] : [first]);
  sql.all("INSERT INTO conversation VALUES ('CCCCCCCCCCCCCCCCCCCCCA', 'direct', 1, 5, 2, 0)");
  sql.all("INSERT INTO members VALUES ('AAAAAAAAAAAAAAAAAAAAAA', 'anna', 0, 1, 1, 0, 0)");
  sql.all("INSERT INTO members VALUES ('BBBBBBBBBBBBBBBBBBBBBA', 'ben', 1, 1, 1, 2, 0)");
  const capsules = { "BBBBBBBBBBBBBBBBBBBBBA.1": "capsule" };
  for (const seq of [1, 2, 3]) {
    const kept = seq === 1 ? null : JSON.stringify(capsules);
    sql.all("INSERT INTO messages VALUES (?, 'a', 1, ?, 1, 'body', ?, ?)", seq, `id${seq}`, kept, seq);
  }
  expect(later.length).toBeGreaterThan(0);
  const store = new SqliteConversationStore(sql, () => migrate(sql, migrationsOf("conversation")));
  const loaded = store.load();
  expect(loaded?.record).toMatchObject({ archiveShard: 1, archivedSeq: 2, prunedSeq: 0 });
  expect(loaded?.members).toMatchObject([
    // Three messages of her own, which are not unread for her.
    { account: "AAAAAAAAAAAAAAAAAAAAAA", readSeq: 0, unreadBase: 3, baseSeq: 3, sentSeq: 3 },
    { account: "BBBBBBBBBBBBBBBBBBBBBA", readSeq: 2, unreadBase: 2, baseSeq: 3, sentSeq: 0 },
  ]);
  expect(loaded?.record).toMatchObject({ countedSeq: 3, toldSeq: 0 });
  expect([loaded?.newest?.seq, loaded?.newest?.content, loaded?.newest?.silentCount]).toEqual([3, 1, 0]);
  expect(store.withCapsules(0, 9).map((message) => message.capsules)).toEqual([{}, capsules, capsules]);
});
