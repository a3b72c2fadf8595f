/** A store that runs twice: what the copies and their peers see of it (CRYPTO 2.12). */
import { afterEach, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import { FakeServer } from "#test/support/client/fake-server.ts";
import { person, shows, testStorage, until } from "#test/support/client/people.ts";
import { RollbackStore } from "#test/support/client/rollback-store.ts";

const open: Client[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

/** The network goes and comes back. */
async function reconnect(server: FakeServer, client: Client): Promise<void> {
  const isOnline = async (): Promise<boolean> => (await client.connectionStatus()).state === "online";
  server.goOffline();
  await until(async () => !(await isOnline()));
  server.isOnline = true;
  await client.reconnectNow();
  await until(isOnline);
}

test("[CL190] [ATTACK 39] a profile and its copy seal nothing under the same keys, go on both, and are both told", async () => {
  const server = new FakeServer();
  const store = new RollbackStore();
  const { client: alice, storage } = await person(server, "alice", { storage: testStorage(store) });
  const { client: bob } = await person(server, "bob");
  open.push(alice, bob);
  const { conversationId } = await alice.startConversation("bob");
  await bob.startConversation("alice");
  await bob.sendText(conversationId, "hello");
  await shows(alice, conversationId, ["hello"]);
  await alice.sendText(conversationId, "one");
  await shows(bob, conversationId, ["hello", "one"]);

  const bobsId = server.accounts.byName("bob")!.account;
  let asked = 0;
  server.frameFilter = ({ type }, { account }) => {
    if (type === "device:send" && account === bobsId) asked += 1;
    return true;
  };
  const copied = { ...storage, store: await store.clone() };
  const copy = await Client.open(server.environment(), copied);
  open.push(copy);
  await Promise.all([copy.sendText(conversationId, "copy"), alice.sendText(conversationId, "first")]);
  await until(async () => (await bob.listMessages(conversationId, { limit: 9 })).messages.length === 4);
  const texts = (await bob.listMessages(conversationId, { limit: 9 })).messages.map(({ content }) =>
    content.type === "text" ? content.text : content.type,
  );
  expect(texts.slice(2).toSorted()).toEqual(["copy", "first"]);
  expect(asked).toBe(0); // no key was used twice
  // Each takes the other's place, and finds out.
  for (const client of [alice, copy]) {
    await until(async () => {
      for (const one of [alice, copy]) await one.reconnectNow();
      return (await client.alarms()).copiedAtMs !== undefined;
    }, 10_000);
  }
  await alice.sendText(conversationId, "still here");
  await until(async () => (await bob.listMessages(conversationId, { limit: 9 })).messages.length === 5);
  expect(asked).toBe(0);
}, 20_000);

test("[CL190] [ATTACK 38] a store that was put back takes new keys before it reads any log, and is told of no copy", async () => {
  const server = new FakeServer();
  const store = new RollbackStore();
  const { client: alice, storage } = await person(server, "alice", { storage: testStorage(store) });
  const bob = (await person(server, "bob")).client;
  open.push(bob);
  const { conversationId } = await alice.startConversation("bob");
  await alice.sendText(conversationId, "one");
  await shows(bob, conversationId, ["one"]);
  store.copy();
  await reconnect(server, alice);
  await alice.close();

  await store.putBack();
  const restored = await Client.open(server.environment(), storage);
  open.push(restored);
  await until(async () => (await storage.store.list("went-back", {})).length === 1);
  await restored.sendText(conversationId, "two");
  await shows(bob, conversationId, ["one", "two"]);
  for (const _ of [1, 2]) await reconnect(server, restored);
  expect(await restored.alarms()).toEqual({});
}, 20_000);
