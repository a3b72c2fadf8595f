/** Messages that do not open are repaired by their sender and heal in place (CRYPTO 2.8). */
import { afterEach, describe, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import { tryCountRetry } from "#core/sync/retry-asking.ts";
import { MemoryStore } from "#core/store/memory-store.ts";
import type { Store } from "#core/store/store.ts";
import type { ConversationId } from "#schema/ids.ts";
import { FakeServer } from "#test/support/client/fake-server.ts";
import { person, shows, testStorage, texts, until } from "#test/support/client/people.ts";

const open: Client[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

/** Alice and bob have talked; bob is closed and has lost every session. */
async function forgetful(server: FakeServer): Promise<{
  alice: Client;
  reopenBob: () => Promise<Client>;
  conversationId: ConversationId;
}> {
  const store = new MemoryStore();
  const storage = testStorage(store);
  const alice = (await person(server, "alice")).client;
  const { client: bob } = await person(server, "bob", { storage });
  open.push(alice);
  const { conversationId } = await alice.startConversation("bob");
  await alice.sendText(conversationId, "one");
  await shows(bob, conversationId, ["one"]);
  await bob.sendText(conversationId, "two");
  await shows(alice, conversationId, ["one", "two"]);
  await bob.close();
  await deleteAll(store, "peers");
  return {
    alice,
    conversationId,
    reopenBob: async () => {
      const again = await Client.open(server.environment(), storage);
      open.push(again);
      return again;
    },
  };
}

async function deleteAll(store: Store, table: string): Promise<void> {
  const records = await store.list(table, {});
  await store.commit(
    records.map(({ key, generation }) => ({ type: "delete", table, key, expected: generation })),
  );
}

describe("repair", () => {
  test("[CL40] a lost session: messages wait, are asked for, and heal in place", async () => {
    const server = new FakeServer();
    const { alice, reopenBob, conversationId } = await forgetful(server);
    server.frameFilter = (frame) => frame.type !== "device:send";
    await alice.sendText(conversationId, "three");
    await alice.sendText(conversationId, "four");
    await until(async () => server.conversations.get(conversationId)?.log.length === 4);
    const bob = await reopenBob();
    await shows(bob, conversationId, ["one", "two", "[waiting]", "[waiting]"]);
    server.frameFilter = () => true;
    server.goOffline();
    server.isOnline = true;
    await Promise.all([alice.reconnectNow(), bob.reconnectNow()]);
    await shows(bob, conversationId, ["one", "two", "three", "four"]);
    await alice.sendText(conversationId, "five");
    await bob.sendText(conversationId, "six");
    await until(async () => (await texts(bob, conversationId)).length === 6);
    await until(async () => (await texts(alice, conversationId)).length === 6);
    expect(await texts(bob, conversationId)).toEqual(await texts(alice, conversationId));
  });

  test("[CL41] a message is asked for once per envelope, and answered by at most one new handshake an hour", async () => {
    const server = new FakeServer();
    const { alice, reopenBob, conversationId } = await forgetful(server);
    const sends: string[] = [];
    server.frameFilter = (frame, socket) => {
      if (frame.type === "device:send") sends.push(server.accounts.get(socket.account).username);
      return true;
    };
    for (const text of ["three", "four", "five"]) await alice.sendText(conversationId, text);
    await until(async () => server.conversations.get(conversationId)?.log.length === 5);
    const bundlesBefore = server.accounts.byName("bob")!.devices.get(1)!.oneTime.length;
    const bob = await reopenBob();
    await shows(bob, conversationId, ["one", "two", "three", "four", "five"]);
    for (let round = 0; round < 3; round += 1) {
      server.goOffline();
      server.isOnline = true;
      await Promise.all([alice.reconnectNow(), bob.reconnectNow()]);
      await until(async () => (await bob.connectionStatus()).state === "online");
    }
    expect(sends.filter((name) => name === "bob")).toHaveLength(3);
    expect(sends.filter((name) => name === "alice")).toHaveLength(3);
    expect(bundlesBefore - server.accounts.byName("bob")!.devices.get(1)!.oneTime.length).toBe(1);
  });

  test("[CL42] a device that was not among the recipients gets no answer", async () => {
    const server = new FakeServer();
    const alice = (await person(server, "alice")).client;
    const bob = (await person(server, "bob")).client;
    const { client: mallory } = await person(server, "mallory");
    open.push(alice, bob, mallory);
    const { conversationId } = await alice.startConversation("bob");
    await alice.sendText(conversationId, "for bob");
    await shows(bob, conversationId, ["for bob"]);
    const conversation = server.conversations.get(conversationId)!;
    const intruder = server.accounts.byName("mallory")!.account;
    let answered = 0;
    let asked = 0;
    server.frameFilter = (frame, socket) => {
      if (frame.type !== "device:send") return true;
      if (socket.account === intruder) asked += 1;
      else answered += 1;
      return true;
    };
    for (const socket of server.sockets) {
      if (socket.account !== intruder) continue;
      const event = conversation.event(conversation.log[0]!, { account: intruder, deviceId: 1 });
      const summary = {
        ...conversation.summary(intruder),
        peer: { account: conversation.members[0], username: "alice" },
      };
      socket.send({ type: "conversation:update", summary, messages: [event] });
    }
    await until(async () => asked === 1);
    await alice.sendText(conversationId, "still for bob");
    await shows(bob, conversationId, ["for bob", "still for bob"]);
    expect(answered).toBe(0);
    expect(await texts(mallory, conversationId)).toEqual(["[waiting]"]);
  });

  test("[CL40] a refused to-device message goes again when that may help, and is dropped when it cannot", async () => {
    for (const [code, isRepeated] of [
      ["unavailable", true],
      ["forbidden", false],
    ] as const) {
      const server = new FakeServer();
      const { alice, reopenBob, conversationId } = await forgetful(server);
      await alice.sendText(conversationId, "three");
      await until(async () => server.conversations.get(conversationId)?.log.length === 3);
      let refused = 0;
      server.frameFilter = (frame, socket) => {
        if (frame.type !== "device:send" || refused > 0) return true;
        refused += 1;
        const error = { code, message: "refused", requestId: "r", retryAfterMs: 1 };
        socket.send({ type: "error", error, id: (frame as { type: string; id?: string }).id });
        return false;
      };
      const bob = await reopenBob();
      await until(async () => refused === 1);
      await shows(bob, conversationId, ["one", "two", isRepeated ? "three" : "[waiting]"]);
    }
  });
});

describe("rationing", () => {
  test("[CL41] an envelope is dealt with once an hour and five times in all", () => {
    const hour = 3_600_000;
    const first = tryCountRetry(undefined, "h", 0);
    expect(first).toEqual({ count: 1, lastAtMs: 0, hashes: ["h"] });
    expect(tryCountRetry(first, "h", hour - 1)).toBeUndefined();
    expect(tryCountRetry(first, "other", 1)).toEqual({ count: 2, lastAtMs: 1, hashes: ["h", "other"] });
    let record = first;
    for (let round = 1; round < 5; round += 1) record = tryCountRetry(record, "h", round * hour);
    expect(record).toEqual({ count: 5, lastAtMs: 4 * hour, hashes: ["h"] });
    expect(tryCountRetry(record, "other", 9 * hour)).toBeUndefined();
  });
});
