import { describe, expect, test } from "vitest";
import type { AccountId, ClientMessageId } from "#schema/ids.ts";
import { SqliteConversationStore } from "#durable-objects/conversation/sqlite-store.ts";
import { migrate } from "#durable-objects/support/migrate.ts";
import { MemoryConversationStore } from "../support/memory-conversation-store.ts";
import { migrationsOf, type NodeSql, nodeSql } from "../support/node-sql.ts";
import { member, message, record, registerConversationStoreSuite } from "./conversation-store-suite.ts";

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
  expect(store.withIds(["id2", "id4"] as ClientMessageId[]).map(({ seq }) => seq)).toEqual([2]);
  expect(store.withCapsules(0, 9)).toEqual(
    [1, 2, 3].map((seq) => ({
      seq,
      senderAccount: "a",
      senderDevice: 1,
      clientMessageId: `id${seq}`,
      serverTimeMs: 1,
      body: "body",
      content: 1,
      silentCount: 0,
      devices: 0,
      capsules: seq === 1 ? {} : capsules,
    })),
  );
});

describe("ids of a log of several rows", () => {
  const open = (sql: NodeSql) =>
    new SqliteConversationStore(sql, () => migrate(sql, migrationsOf("conversation")));
  const idOf = (seq: number) => `id${seq}` as ClientMessageId;
  const found = (store: SqliteConversationStore, ...seqs: number[]) =>
    store.withIds(seqs.map(idOf)).map(({ seq, clientMessageId }) => [seq, clientMessageId]);

  function filled(): NodeSql {
    const sql = nodeSql();
    const store = open(sql);
    store.create(record, [member("A" as AccountId)], []);
    const sizes = [1, 2, 130, 1, 64, 102]; // 300
    let last = 0;
    for (const size of sizes) {
      const seqs = Array.from({ length: size }, (_, index) => last + index + 1);
      store.append(seqs.map((seq) => ({ ...message(seq), capsules: {} })));
      last += size;
    }
    return sql;
  }

  test("[CV3] are found wherever they stand, after waking too", () => {
    const sql = filled();
    const seqs = [1, 3, 128, 129, 133, 134, 256, 257, 300];
    const expected = seqs.map((seq) => [seq, idOf(seq)]);
    expect(found(open(sql), ...seqs, 301)).toEqual(expected);
    const store = open(sql);
    expect(found(store, 301)).toEqual([]);
    store.append([301, 302].map((seq) => ({ ...message(seq), capsules: {} })));
    expect(found(store, ...seqs, 302)).toEqual([...expected, [302, idOf(302)]]);
    expect(found(open(sql), ...seqs, 302)).toEqual([...expected, [302, idOf(302)]]);
  });

  test("[CV3] are not found where a write was taken back", () => {
    const sql = filled();
    const store = open(sql);
    expect(found(store, 301)).toEqual([]);
    const failed = { ...message(301), clientMessageId: idOf(999), capsules: {} };
    expect(() =>
      store.transaction(() => {
        store.append([failed]);
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(found(store, 999)).toEqual([]);
    store.append([{ ...message(301), capsules: {} }]);
    expect([found(store, 999), found(store, 301)]).toEqual([[], [[301, idOf(301)]]]);
    expect(found(open(sql), 999, 301)).toEqual([[301, idOf(301)]]);
  });

  test("[AR46] go with their messages", () => {
    const sql = filled();
    const store = open(sql);
    store.prune(257);
    for (const each of [store, open(sql)]) {
      expect(found(each, 1, 128, 256, 257, 258, 300)).toEqual([258, 300].map((seq) => [seq, idOf(seq)]));
    }
    expect(store.page({ limit: 500 }).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 43 }, (_, index) => 258 + index),
    );
    expect(sql.all("SELECT count(*) AS count FROM ids")).toEqual([{ count: 0 }]);
    // What is gone from a row that fills later leaves its place empty.
    store.append(Array.from({ length: 90 }, (_, index) => ({ ...message(301 + index), capsules: {} })));
    for (const each of [store, open(sql)]) {
      expect(found(each, 257, 258, 384, 385, 390)).toEqual(
        [258, 384, 385, 390].map((seq) => [seq, idOf(seq)]),
      );
    }
  });

  test("[CV3] rows that were begun before they were full are completed", () => {
    const sql = filled();
    sql.all("INSERT INTO ids VALUES (2, 'id257,id258')");
    const seqs = [256, 257, 258, 259, 300];
    expect(found(open(sql), ...seqs)).toEqual(seqs.map((seq) => [seq, idOf(seq)]));
    const store = open(sql);
    store.append(Array.from({ length: 90 }, (_, index) => ({ ...message(301 + index), capsules: {} })));
    expect(found(open(sql), ...seqs, 384, 390)).toEqual([...seqs, 384, 390].map((seq) => [seq, idOf(seq)]));
  });
});
