/** A client whose storage was put back to an earlier state: what its peer sees of two states of one session. */
import { afterEach, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import { FakeServer } from "#test/support/client/fake-server.ts";
import { person, shows, testStorage } from "#test/support/client/people.ts";
import { RollbackStore } from "#test/support/client/rollback-store.ts";

const open: Client[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

test("[CV81] a message under a key that another message has used already is not taken for a repetition, but repaired", async () => {
  const server = new FakeServer();
  const store = new RollbackStore();
  const { client: alice, storage } = await person(server, "alice", { storage: testStorage(store) });
  const bob = (await person(server, "bob")).client;
  open.push(bob);
  const { conversationId } = await alice.startConversation("bob");
  await alice.sendText(conversationId, "one");
  await shows(bob, conversationId, ["one"]);
  await bob.sendText(conversationId, "two");
  await shows(alice, conversationId, ["one", "two"]);
  await alice.sendText(conversationId, "three");
  await shows(bob, conversationId, ["one", "two", "three"]);
  store.copy();
  await alice.sendText(conversationId, "forgotten");
  await shows(bob, conversationId, ["one", "two", "three", "forgotten"]);
  await alice.close();

  await store.putBack();
  const restored = await Client.open(server.environment(), storage);
  open.push(restored);
  await restored.sendText(conversationId, "after");
  await shows(bob, conversationId, ["one", "two", "three", "forgotten", "after"]);
  await bob.sendText(conversationId, "the end");
  await shows(restored, conversationId, ["one", "two", "three", "[broken]", "after", "the end"]);
}, 20_000);

test("[CV82] [ATTACK 38] a device that was put back notices by its own messages, and its next message is under no key it used before", async () => {
  const server = new FakeServer();
  const store = new RollbackStore();
  const { client: alice, storage } = await person(server, "alice", { storage: testStorage(store) });
  const { client: bob, storage: bobs } = await person(server, "bob");
  open.push(bob);
  const { conversationId } = await alice.startConversation("bob");
  await bob.startConversation("alice");
  await bob.sendText(conversationId, "hello");
  await shows(alice, conversationId, ["hello"]);
  await alice.sendText(conversationId, "one");
  await shows(bob, conversationId, ["hello", "one"]);
  store.copy();
  for (const text of ["two", "three", "four"]) await alice.sendText(conversationId, text);
  await shows(bob, conversationId, ["hello", "one", "two", "three", "four"]);
  await alice.close();

  await store.putBack();
  const restored = await Client.open(server.environment(), storage);
  open.push(restored);
  // Written before the log was read, and for several messages at once.
  await Promise.all(["five", "six"].map((text) => restored.sendText(conversationId, text)));
  await shows(bob, conversationId, ["hello", "one", "two", "three", "four", "five", "six"]);
  expect(await bobs.store.list("retries", {})).toEqual([]); // nothing had to be asked for again
  await bob.sendText(conversationId, "the end");
  const gone = ["[broken]", "[broken]", "[broken]"];
  await shows(restored, conversationId, ["hello", "one", ...gone, "five", "six", "the end"]);
  expect(await storage.store.list("session-renewals", {})).toEqual([]);

  await restored.close();
  const again = await Client.open(server.environment(), storage);
  open.push(again);
  await again.sendText(conversationId, "no news");
  await shows(bob, conversationId, [
    "hello",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "the end",
    "no news",
  ]);
  expect(await storage.store.list("went-back", {})).toEqual([
    { key: "self", generation: 1, value: expect.any(Uint8Array) },
  ]);
}, 20_000);
