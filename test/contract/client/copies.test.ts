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

test("[CL190] [CL191] [ATTACK 39] of a profile and its copy one goes on, the other one stops until its person comes back; no key is used twice", async () => {
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
  const isOut = async (client: Client) => (await client.alarms()).isReplaced === true;
  await until(() => isOut(alice));
  expect(await alice.connectionStatus()).toEqual({ state: "idle" });
  await Promise.all([copy.sendText(conversationId, "copy"), alice.sendText(conversationId, "first")]);
  await shows(bob, conversationId, ["hello", "one", "copy"]);
  // Nothing brings the one that lost its place back but its person.
  await alice.reconnectNow();
  await expect(alice.listDevices()).rejects.toMatchObject({ code: "offline" });
  await bob.sendText(conversationId, "which one?");
  await shows(copy, conversationId, ["hello", "one", "copy", "which one?"]);
  expect([await isOut(alice), await isOut(copy)]).toEqual([true, false]);
  await shows(bob, conversationId, ["hello", "one", "copy", "which one?"]);

  await alice.continueHere();
  await until(() => isOut(copy));
  await shows(bob, conversationId, ["hello", "one", "copy", "which one?", "first"]);
  expect(await isOut(alice)).toBe(false);
  expect(asked).toBe(0); // no key was used twice
  // Who comes back after the other one had the same name is told so.
  for (const client of [copy, alice, copy, alice]) {
    await client.continueHere();
    await until(() => isOut(client === copy ? alice : copy));
  }
  for (const client of [alice, copy]) {
    expect(await client.alarms()).toMatchObject({ copiedAtMs: expect.any(Number) });
  }
  await alice.sendText(conversationId, "still here");
  await until(async () => (await bob.listMessages(conversationId, { limit: 9 })).messages.length === 6);
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
