/**
 * Groups after losses: keys that never came, a device whose disk was put back, two owners of one store. Nobody has to do anything, nobody is
 * told anything, and in the end everyone has the same log. What this does not show: two tabs of a real browser (test/browser).
 */
import { expect, test } from "vitest";
import { Client } from "#core/client.ts";
import { MemoryStore } from "#core/store/memory-store.ts";
import type { Store } from "#core/store/store.ts";
import type { ConversationId } from "#schema/ids.ts";
import { RollbackStore } from "../support/client/rollback-store.ts";
import { openCrowd } from "../support/crowd.ts";
import { everyoneHas, said } from "../support/group-stage.ts";
import { eventually, type LivePerson, reopen, signUp, testStorage } from "../support/people.ts";

const { server, people } = await openCrowd();

async function person(username: string, store?: Store): Promise<LivePerson> {
  const someone = await signUp(server.origin, username, store && { storage: testStorage(store) });
  people.push(someone);
  return someone;
}

/** Three people in a group who have all said something. */
async function group(name: string, store: Store) {
  const anna = await person(`${name}.anna`, store);
  const [ben, carl] = [await person(`${name}.ben`), await person(`${name}.carl`)];
  const everyone = [anna, ben, carl];
  const usernames = [ben.username, carl.username];
  const { conversationId: id } = await anna.client.createGroup({ name, usernames });
  await everyoneHas(everyone, id, `${anna.username} created ${usernames.join(", ")}`);
  for (const { client, username } of everyone) {
    await client.sendText(id, "hello");
    await everyoneHas(everyone, id, `${username}: hello`);
  }
  return { anna, ben, carl, id };
}

async function deleteAll(store: Store, table: string): Promise<void> {
  const records = await store.list(table, {});
  await store.commit(
    records.map(({ key, generation }) => ({ type: "delete", table, key, expected: generation })),
  );
}

/** Whoever is given has these texts, each once, and no placeholder. */
async function haveAll(everyone: readonly LivePerson[], id: ConversationId, texts: readonly string[]) {
  for (const { client, username } of everyone) {
    let lines: string[] = [];
    await eventually(`${username} has everything`, async () => {
      lines = (await said(client, id)).map((line) => line.replace(/^[^:]*: /, ""));
      return texts.every((text) => lines.includes(text)) && !lines.some((line) => line.startsWith("["));
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(lines.slice(-12))}`);
    });
    for (const text of texts) expect(lines.filter((line) => line === text)).toEqual([text]);
  }
}

test("[CL147] who lost all sender keys and sessions asks, heals in place, and reads on", async () => {
  const store = new MemoryStore();
  const { anna, ben, carl, id } = await group("lost", store);
  await anna.client.close();
  for (const table of ["sender-keys", "own-sender-keys", "sender-key-holders", "peers"]) {
    await deleteAll(store, table);
  }
  const texts = ["one", "two", "three", "four"];
  for (const [index, text] of texts.entries()) {
    const writer = index % 2 === 0 ? ben : carl;
    await writer.client.sendText(id, text);
    await everyoneHas([ben, carl], id, `${writer.username}: ${text}`);
  }
  const again = await reopen(server.origin, anna);
  people.push(again);
  await haveAll([again, ben, carl], id, texts);
  await again.client.sendText(id, "back again");
  for (const { client } of [ben, carl]) await client.sendText(id, `good, ${again.username}`);
  await haveAll([again, ben, carl], id, [...texts, "back again"]);
});

test("[CL148] a sender whose disk was put back is repaired once and then goes on under a new key", async () => {
  const store = new RollbackStore();
  const { anna, ben, carl, id } = await group("back", store);
  store.copy();
  const before = ["before 1", "before 2", "before 3"];
  for (const text of before) await anna.client.sendText(id, text);
  await haveAll([anna, ben, carl], id, before);
  await anna.client.close();
  await store.putBack();
  const restored = await reopen(server.origin, anna);
  people.push(restored);
  const after = Array.from({ length: 6 }, (_, index) => `after ${index}`);
  for (const text of after) {
    await restored.client.sendText(id, text);
    await haveAll([ben, carl], id, [...before, text]);
  }
  await ben.client.sendText(id, "we hear you");
  // What it said itself in the time that was undone is in no state of it any more.
  await eventually("it has what came since", async () => {
    const lines = (await said(restored.client, id)).map((line) => line.replace(/^[^:]*: /, ""));
    const news = [...after, "we hear you"];
    return news.every((text) => lines.includes(text)) && !lines.includes("[waiting]");
  });
  const [used, newest] = [senderKeysOf(anna), senderKeysOf(restored).at(-1)];
  expect(used.length).toBeGreaterThan(0);
  expect(used).not.toContain(newest);
});

test("[CL147] a reader whose disk was put back reads everything again, also what came under newer keys", async () => {
  const store = new RollbackStore();
  const { anna, ben, carl, id } = await group("reader", store);
  store.copy();
  const dora = await person("reader.dora");
  await ben.client.sendText(id, "under the old key");
  await haveAll([anna], id, ["under the old key"]);
  await anna.client.addMembers(id, [dora.username]);
  await everyoneHas([ben, carl, dora], id, `${anna.username} added ${dora.username}`);
  const account = (await anna.client.group(id)).members.find(({ username }) => username === dora.username)!;
  await anna.client.removeMember(id, account.account);
  await everyoneHas([ben, carl], id, `${anna.username} removed ${dora.username}`);
  for (const writer of [ben, carl]) await writer.client.sendText(id, `${writer.username} under a new key`);
  const texts = ["under the old key", `${ben.username} under a new key`, `${carl.username} under a new key`];
  await haveAll([anna, ben, carl], id, texts);
  await anna.client.close();
  await store.putBack();
  const restored = await reopen(server.origin, anna);
  people.push(restored);
  await haveAll([restored], id, texts);
  await restored.client.sendText(id, "I am back");
  await haveAll([ben, carl], id, [...texts, "I am back"]);
});

test("[CL11] two owners of one store write to a group at once: everything arrives, each once, no key is used twice", async () => {
  const { anna, ben, carl, id } = await group("owners", new MemoryStore());
  const other = await reopenBeside(anna);
  const texts = Array.from({ length: 10 }, (_, index) => [`first ${index}`, `second ${index}`]).flat();
  await Promise.all(texts.map((text) => (text.startsWith("first") ? anna : other).client.sendText(id, text)));
  await haveAll([ben, carl], id, texts);
  const used = [anna, other].flatMap(bodiesOf).map((body) => body.subarray(23, 35).toString("hex"));
  const frames = new Set([anna, other].flatMap(bodiesOf).map((body) => body.toString("hex")));
  expect(new Set(used).size).toBe(frames.size); // one body for each key and number
});

/** A second client on the same store, as two tabs without the lock would be. */
async function reopenBeside(someone: LivePerson): Promise<LivePerson> {
  const client = await Client.open(someone.network.environment, someone.storage);
  const beside = { ...someone, client };
  people.push(beside);
  return beside;
}

function bodiesOf({ network }: LivePerson): Buffer[] {
  return network.wire
    .filter(({ place }) => place === "up")
    .flatMap(({ text }) => [...text.matchAll(/"body":"([A-Za-z0-9_-]+)"/g)])
    .map(([, body = ""]) => Buffer.from(body, "base64url"))
    .filter((body) => body[1] === 0x30);
}

function senderKeysOf(someone: LivePerson): string[] {
  return bodiesOf(someone).map((body) => body.subarray(23, 31).toString("hex"));
}
