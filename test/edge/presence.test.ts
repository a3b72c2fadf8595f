/** Presence between real inbox objects, and the timed tasks of an inbox run twice. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { limits } from "#schema/limits.ts";
import { type LiveClient, openConversation, openInbox, origin } from "./live-client.ts";
import { makePair, messageFrom, type Pair } from "./pair.ts";

async function presenceOf(client: LiveClient, account: string): Promise<unknown> {
  client.send({ type: "presence:get", accounts: [account] });
  const { presences } = await client.nextOf("presence:state");
  return Array.isArray(presences) ? presences[0] : undefined;
}

/** Anna wrote to Ben and Ben to Anna. */
async function talkingPair(): Promise<Pair> {
  const pair = await makePair();
  for (const [account, token] of [
    [pair.anna, pair.annaToken],
    [pair.ben, pair.benToken],
  ] as const) {
    const client = await openConversation(pair.id, token);
    client.send(messageFrom(pair, account));
    await client.nextOf("message:ack");
    client.socket.close(1000);
    await client.closed;
  }
  const stub = env.CONVERSATION.getByName(pair.id);
  await runInDurableObject(stub, async (_object, state) => {
    state.storage.sql.exec("UPDATE alarms SET at_ms = 0 WHERE name = 'fan_out'");
    await state.storage.setAlarm(Date.now() + 60_000);
  });
  await evictDurableObject(stub);
  await runDurableObjectAlarm(stub); // both inboxes have confirmed
  return pair;
}

async function setPrivacy(token: string, presence: string): Promise<number> {
  const answer = await fetch(`${origin}/api/privacy`, {
    method: "PUT",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ presence }),
  });
  return answer.status;
}

test("[IN40] [IN42] a contact is seen online, then last seen when the lid was closed, through eviction", async () => {
  const pair = await talkingPair();
  const anna = await openInbox(pair.annaToken);
  const benStub = env.INBOX.getByName(pair.ben.account);
  expect(await presenceOf(anna, pair.ben.account)).toEqual({ account: pair.ben.account, state: "offline" });
  const ben = await openInbox(pair.benToken);
  await evictDurableObject(benStub);
  expect(await presenceOf(anna, pair.ben.account)).toEqual({ account: pair.ben.account, state: "online" });
  // The lid closes: no ping comes, no close either.
  const heardAtMs = Date.now() - limits.presenceSilenceMs;
  await runInDurableObject(benStub, (_object, state) => {
    for (const socket of state.getWebSockets()) {
      const attachment: unknown = socket.deserializeAttachment();
      socket.serializeAttachment(Object.assign(Object(attachment), { openedAtMs: heardAtMs }));
    }
  });
  await evictDurableObject(benStub);
  expect(await presenceOf(anna, pair.ben.account)).toMatchObject({ state: "offline" });
  ben.socket.close(1000);
  await ben.closed;
  const minuteMs = 60_000;
  expect(await presenceOf(anna, pair.ben.account)).toEqual({
    account: pair.ben.account,
    state: "offline",
    lastSeenMs: Math.floor(heardAtMs / minuteMs) * minuteMs,
  });
});

test("[IN41] the choice who may see it is kept and works at once, in both directions", async () => {
  const pair = await talkingPair();
  const [anna, ben] = [await openInbox(pair.annaToken), await openInbox(pair.benToken)];
  expect(await setPrivacy(pair.benToken, "nobody")).toBe(200);
  await evictDurableObject(env.INBOX.getByName(pair.ben.account));
  expect(await presenceOf(anna, pair.ben.account)).toMatchObject({ state: "hidden" });
  expect(await presenceOf(ben, pair.anna.account)).toMatchObject({ state: "hidden" });
  const answer = await fetch(`${origin}/api/privacy`, {
    headers: { authorization: `Bearer ${pair.benToken}` },
  });
  expect(await answer.json()).toMatchObject({ success: true, data: { presence: "nobody" } });
  expect(await setPrivacy(pair.benToken, "contacts")).toBe(200);
  expect(await presenceOf(anna, pair.ben.account)).toMatchObject({ state: "online" });
  expect(await setPrivacy(pair.benToken, "friends")).toBe(400);
});

test("[AR42] the timed tasks of an inbox run twice leave what they left once", async () => {
  const pair = await talkingPair();
  const stub = env.INBOX.getByName(pair.ben.account);
  const run = async (): Promise<unknown> => {
    await runInDurableObject(stub, async (_object, state) => {
      for (const name of ["notices", "receipts", "clean", "sockets"]) {
        state.storage.sql.exec("INSERT OR REPLACE INTO alarms VALUES (?, 0, 0)", name);
      }
      await state.storage.setAlarm(Date.now() + 60_000);
    });
    await evictDurableObject(stub);
    await runDurableObjectAlarm(stub);
    return runInDurableObject(stub, (_object, { storage: { sql } }) =>
      ["account", "devices", "sessions", "conversations", "receipt_outbox", "device_messages"].map((table) =>
        sql.exec(`SELECT * FROM ${table}`).toArray(),
      ),
    );
  };
  const ben = await openInbox(pair.benToken);
  ben.send({ type: "message:delivered", conversationId: pair.id, seq: 2 });
  await ben.nextOf("conversation:update");
  const once = await run();
  expect(await run()).toEqual(once);
});
