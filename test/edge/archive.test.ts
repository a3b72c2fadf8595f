/** The message archive and timed clean-up inside workerd, against real D1. */
import {
  createScheduledController,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { limits } from "#schema/limits.ts";
import worker from "#worker/index.ts";
import { connect, openConversation, origin } from "./live-client.ts";
import { makePair, messageFrom, type Pair } from "./pair.ts";

async function archived(pair: Pair): Promise<unknown[]> {
  const statement = "SELECT * FROM archived_packs WHERE conversation_id = ? ORDER BY first_seq";
  const found = [];
  for (const shard of [env.ARCHIVE_0, env.ARCHIVE_1]) {
    const { results } = await shard.prepare(statement).bind(pair.id).all<Record<string, string | number>>();
    found.push(results.flatMap(messagesOf));
  }
  // A conversation is in one shard only.
  expect(found.filter((rows) => rows.length > 0).length).toBeLessThanOrEqual(1);
  return found.flat();
}

function messagesOf(pack: Record<string, string | number>): object[] {
  const [ids, heads, bodies] = ["ids", "heads", "bodies"].map((column) => String(pack[column]).split(","));
  return (ids ?? []).map((id, index) => {
    const [account, device] = (heads?.[index] ?? "").split(".");
    return {
      seq: Number(pack["first_seq"]) + index,
      sender_account: account,
      sender_device: Number(device),
      client_message_id: id,
      body: bodies?.[index],
    };
  });
}

async function shardOf(pair: Pair): Promise<D1Database> {
  const row = await env.DB.prepare(
    "SELECT archive_shard AS shard FROM conversations WHERE conversation_id = ?",
  )
    .bind(pair.id)
    .first<{ shard: number }>();
  return row?.shard === 1 ? env.ARCHIVE_1 : env.ARCHIVE_0;
}

/** Makes every alarm of the conversation due and runs it. */
async function ripen(pair: Pair): Promise<void> {
  const stub = env.CONVERSATION.getByName(pair.id);
  await runInDurableObject(stub, async (_object, state) => {
    state.storage.sql.exec("UPDATE alarms SET at_ms = 0");
    await state.storage.setAlarm(Date.now() + 60_000);
  });
  await evictDurableObject(stub);
  await runDurableObjectAlarm(stub);
}

test("[AR1] [AR3] messages reach the archive from the alarm, once, however often it runs", async () => {
  const pair = await makePair();
  const anna = await openConversation(pair.id, pair.annaToken);
  const messages = Array.from({ length: 30 }, () => messageFrom(pair, pair.anna));
  for (const message of messages) anna.send(message);
  await anna.take(30);
  expect(await archived(pair)).toEqual([]);
  await ripen(pair);
  const rows = messages.map((message, index) => ({
    seq: index + 1,
    sender_account: pair.anna.account,
    sender_device: 1,
    client_message_id: message.clientMessageId,
    body: message.body,
  }));
  expect(await archived(pair)).toEqual(rows);
  await runInDurableObject(env.CONVERSATION.getByName(pair.id), (_object, state) => {
    state.storage.sql.exec("UPDATE conversation SET archived_seq = 0");
    state.storage.sql.exec("INSERT OR REPLACE INTO alarms VALUES ('archive', 0, 0)");
  });
  await ripen(pair);
  expect(await archived(pair)).toEqual(rows);
});

test("[AR2] [AR4] with the archive down, messages are acknowledged; when it is back, all are there", async () => {
  const pair = await makePair();
  const anna = await openConversation(pair.id, pair.annaToken);
  const shard = await shardOf(pair);
  await shard.exec("ALTER TABLE archived_packs RENAME TO away");
  anna.send(messageFrom(pair, pair.anna));
  await anna.next();
  await ripen(pair);
  anna.send(messageFrom(pair, pair.anna));
  expect(await anna.nextOf("message:ack")).toMatchObject({ seq: 2 });
  await shard.exec("ALTER TABLE away RENAME TO archived_packs");
  await ripen(pair);
  expect(await archived(pair)).toMatchObject([{ seq: 1 }, { seq: 2 }]);
});

test("[AU4] the hourly clean-up forgets failed sign-ins that no longer count", async () => {
  await env.DB.prepare("INSERT INTO login_attempts VALUES ('old', 3, 1), ('new', 3, ?)")
    .bind(Date.now())
    .run();
  const controller = createScheduledController({ cron: "17 * * * *" });
  await worker.scheduled(controller, env);
  const { results } = await env.DB.prepare("SELECT name_tag FROM login_attempts").all();
  expect(results).toEqual([{ name_tag: "new" }]);
});

/** A conversation with a long log that everyone has acknowledged, pruned as its alarms do it. */
async function makePruned(count: number): Promise<Pair> {
  const pair = await makePair();
  await runInDurableObject(env.CONVERSATION.getByName(pair.id), (_object, state) => {
    const { sql } = state.storage;
    for (let seq = 1; seq <= count; seq += 1) {
      const sender = seq % 2 === 0 ? pair.anna.account : pair.ben.account;
      sql.exec(
        "INSERT INTO log VALUES (?, ?, ?, ?, ?)",
        seq,
        seq,
        `${seq}`.padStart(21, "m") + "A",
        `${sender}.1.${Date.now()}.1.0.1`,
        `body${seq}`,
      );
    }
    sql.exec("UPDATE devices SET delivered_seq = ?", count);
    sql.exec("INSERT OR REPLACE INTO alarms VALUES ('archive', 0, 0), ('sweep', 0, 0)");
  });
  for (let round = 0; round < 10; round += 1) await ripen(pair);
  return pair;
}

const { hotMessages, pruneMessages } = limits;

async function page(pair: Pair, query: string): Promise<{ seqs: number[]; more: boolean }> {
  const answer = await fetch(`${origin}/api/conversations/${pair.id}/messages?${query}`, {
    headers: { authorization: `Bearer ${pair.benToken}` },
  });
  const { data } = await answer.json<{
    data: { messages: { seq: number; body: string }[]; more: boolean };
  }>();
  for (const { seq, body } of data.messages) expect(body).toBe(`body${seq}`);
  return { seqs: data.messages.map(({ seq }) => seq), more: data.more };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("the hot window", () => {
  const total = hotMessages + pruneMessages;
  let pair: Pair;
  beforeAll(async () => {
    pair = await makePruned(total);
  });

  test("[AR46] old rows leave the object, with the archive holding all", async () => {
    const rows = await runInDurableObject(env.CONVERSATION.getByName(pair.id), (_object, state) =>
      state.storage.sql.exec("SELECT min(first_seq) AS low, count(*) AS count FROM log").one(),
    );
    expect(rows).toEqual({ low: pruneMessages + 1, count: hotMessages });
    expect(await archived(pair)).toHaveLength(total);
  });

  test("[AR43] pages cross the window's edge both ways, and end where the log ends", async () => {
    const edge = pruneMessages;
    expect(await page(pair, `before=${edge + 31}&limit=50`)).toEqual({
      seqs: range(edge - 19, edge + 30),
      more: true,
    });
    expect(await page(pair, `before=${edge + 51}&limit=50`)).toEqual({
      seqs: range(edge + 1, edge + 50),
      more: true,
    });
    expect(await page(pair, `before=${edge + 1}&limit=50`)).toEqual({
      seqs: range(edge - 49, edge),
      more: true,
    });
    expect(await page(pair, "before=31&limit=50")).toEqual({ seqs: range(1, 30), more: false });
    expect(await page(pair, "before=51&limit=50")).toEqual({ seqs: range(1, 50), more: false });
    expect(await page(pair, `after=${edge - 20}&limit=50`)).toEqual({
      seqs: range(edge - 19, edge + 30),
      more: true,
    });
    expect(await page(pair, `after=${edge - 50}&limit=50`)).toEqual({
      seqs: range(edge - 49, edge),
      more: true,
    });
    expect(await page(pair, `after=${total - 10}&limit=50`)).toEqual({
      seqs: range(total - 9, total),
      more: false,
    });
  });

  test("[AR43] walking the whole log while messages arrive meets each message once", async () => {
    const anna = await openConversation(pair.id, pair.annaToken, total);
    const walked: number[] = [];
    for (let after = 0, more = true; more;) {
      if (walked.length % 500 === 0) {
        await evictDurableObject(env.CONVERSATION.getByName(pair.id));
        anna.send(messageFrom(pair, pair.anna));
        await anna.nextOf("message:ack");
      }
      const answer = await fetch(`${origin}/api/conversations/${pair.id}/messages?after=${after}&limit=100`, {
        headers: { authorization: `Bearer ${pair.benToken}` },
      });
      const { data } = await answer.json<{ data: { messages: { seq: number }[]; more: boolean } }>();
      walked.push(...data.messages.map(({ seq }) => seq));
      after = walked.at(-1) ?? 0;
      more = data.more;
    }
    expect(walked).toEqual(range(1, walked.length));
    expect(walked.length).toBeGreaterThan(total);
    anna.socket.close(1000);
  });

  test("[CV44] a socket from below the window is told where it starts, after eviction too", async () => {
    await evictDurableObject(env.CONVERSATION.getByName(pair.id));
    const ben = await connect(`/ws/conversations/${pair.id}`, pair.benToken);
    ben.send({ type: "conversation:resume", conversationId: pair.id, after: 3 });
    expect(await ben.next()).toMatchObject({
      type: "conversation:resumed",
      more: true,
      hotFrom: pruneMessages + 1,
    });
    ben.socket.close(1000);
  });

  test("[AR45] with the shard down old pages are unavailable, new ones are not", async () => {
    const shard = await shardOf(pair);
    await shard.exec("ALTER TABLE archived_packs RENAME TO away");
    const ask = (query: string) =>
      fetch(`${origin}/api/conversations/${pair.id}/messages?${query}`, {
        headers: { authorization: `Bearer ${pair.benToken}` },
      });
    const [old, fresh] = [await ask("before=40"), await ask("limit=20")];
    expect([old.status, fresh.status]).toEqual([503, 200]);
    expect(await old.json()).toMatchObject({ success: false, error: { code: "unavailable" } });
    await shard.exec("ALTER TABLE away RENAME TO archived_packs");
  });
});

test("[AR44] conversations spread over the shards, and each stays where it was first put", async () => {
  const shards = new Set<D1Database>();
  for (let made = 0; made < 40 && shards.size < 2; made += 1) {
    const pair = await makePair();
    const shard = await shardOf(pair);
    if (shards.has(shard)) continue;
    shards.add(shard);
    const anna = await openConversation(pair.id, pair.annaToken);
    anna.send(messageFrom(pair, pair.anna));
    await anna.nextOf("message:ack");
    await ripen(pair);
    const statement = "SELECT count(*) AS count FROM archived_packs WHERE conversation_id = ?";
    expect(await shard.prepare(statement).bind(pair.id).first()).toEqual({ count: 1 });
    expect(await archived(pair)).toHaveLength(1);
    anna.socket.close(1000);
  }
  expect(shards.size).toBe(2);
});
