/** The message archive and timed clean-up inside workerd, against real D1. */
import {
  createScheduledController,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import worker from "#worker/index.ts";
import { openConversation } from "./live-client.ts";
import { makePair, messageFrom, type Pair } from "./pair.ts";

async function archived(pair: Pair): Promise<unknown[]> {
  const statement =
    "SELECT seq, sender_account, sender_device, client_message_id, body FROM archived_messages WHERE conversation_id = ? ORDER BY seq";
  return (await env.ARCHIVE_0.prepare(statement).bind(pair.id).all()).results;
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
  await env.ARCHIVE_0.exec("ALTER TABLE archived_messages RENAME TO away");
  anna.send(messageFrom(pair, pair.anna));
  await anna.next();
  await ripen(pair);
  anna.send(messageFrom(pair, pair.anna));
  expect(await anna.nextOf("message:ack")).toMatchObject({ seq: 2 });
  await env.ARCHIVE_0.exec("ALTER TABLE away RENAME TO archived_messages");
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
