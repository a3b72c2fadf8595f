/** Crashes at every step of sending and receiving, failing writes, two owners of one store. */
import { afterEach, describe, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import { MemoryStore } from "#core/store/memory-store.ts";
import type { ClientStorage } from "#core/store/client-storage.ts";
import type { AccountId } from "#schema/ids.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import { FakeServer } from "#test/support/client/fake-server.ts";
import { failingStore, Mortal } from "#test/support/client/mortal.ts";
import { messages, person, shows, testStorage, texts, until } from "#test/support/client/people.ts";

const open: { close(): Promise<void> }[] = [];
const closing = <C extends { close(): Promise<void> }>(client: C): C => {
  open.push(client);
  return client;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

/** Opens the account in `storage` in a process that dies at store step `dieAt`. */
function openMortal(server: FakeServer, storage: ClientStorage, dieAt: number) {
  const mortal = new Mortal(dieAt);
  const environment = server.environment(mortal.environment(server.environment()));
  const opening = Client.open(environment, { ...storage, store: mortal.store(storage.store) });
  return { mortal, opening };
}

/** No capsule may occur twice but in frames that are equal byte for byte. */
function assertSameBytesOrNothing(server: FakeServer): void {
  const frameOf = new Map<string, string>();
  const messageOf = new Map<string, string>();
  for (const text of server.wire) {
    const frame: MessageSend = JSON.parse(text);
    expect(frameOf.get(frame.clientMessageId) ?? text).toBe(text);
    frameOf.set(frame.clientMessageId, text);
    for (const { data } of frame.capsules) {
      expect(messageOf.get(data) ?? frame.clientMessageId).toBe(frame.clientMessageId);
      messageOf.set(data, frame.clientMessageId);
    }
  }
}

const stepsMax = 80;

describe("crashes", () => {
  test("[CL10] [ATTACK 36] at every step of sending: the same bytes go again or nothing, and one bubble", async () => {
    const server = new FakeServer();
    const { client: first, storage } = await person(server, "alice");
    const bob = closing((await person(server, "bob")).client);
    const { conversationId } = await first.startConversation("bob");
    await first.close();
    const promised: string[] = [];
    let survived = 0;
    for (let dieAt = 1; survived < 2 && dieAt < stepsMax; dieAt += 1) {
      const text = `dies at ${dieAt}`;
      const { mortal, opening } = openMortal(server, storage, dieAt);
      const sent = opening.then(async (client) => {
        await client.sendText(conversationId, text);
        promised.push(text);
        return until(async () => {
          if (!mortal.isAlive) return true;
          return (await messages(client, conversationId)).every(({ delivery }) => delivery !== "pending");
        });
      });
      await Promise.race([sent, until(async () => !mortal.isAlive)]);
      if (mortal.isAlive) survived += 1;
      mortal.die();
      for (const socket of server.sockets) if (socket.account !== (await accountOf(bob))) socket.close(1006);
      const again = await Client.open(server.environment(), storage);
      await until(async () =>
        (await messages(again, conversationId)).every(({ delivery }) => delivery !== "pending"),
      );
      await again.close();
    }
    expect(survived).toBe(2);
    const last = closing(await Client.open(server.environment(), storage));
    await last.sendText(conversationId, "the end");
    await until(async () => (await texts(bob, conversationId)).at(-1) === "the end");
    const arrived = (await texts(bob, conversationId)).slice(0, -1);
    expect(new Set(arrived).size).toBe(arrived.length);
    expect(arrived).toEqual(expect.arrayContaining(promised));
    expect(arrived.filter((text) => !text.startsWith("dies at "))).toEqual([]);
    expect((await texts(last, conversationId)).slice(0, -1)).toEqual(arrived);
    assertSameBytesOrNothing(server);
  }, 60_000);

  test("[CL22] [ATTACK 36] at every step of receiving: nothing acknowledged is lost, nothing is shown twice", async () => {
    const server = new FakeServer();
    const alice = closing((await person(server, "alice")).client);
    const { client: first, storage } = await person(server, "bob");
    const account = await accountOf(first);
    const { conversationId } = await alice.startConversation("bob");
    await first.close();
    const expected: string[] = [];
    let survived = 0;
    for (let dieAt = 1; survived < 2 && dieAt < stepsMax; dieAt += 1) {
      expected.push(`dies at ${dieAt}`);
      await alice.sendText(conversationId, `dies at ${dieAt}`);
      await until(async () => server.conversations.get(conversationId)?.log.length === dieAt);
      const { mortal, opening } = openMortal(server, storage, dieAt);
      const received = opening.then((client) =>
        until(async () => !mortal.isAlive || (await texts(client, conversationId)).length === dieAt),
      );
      await Promise.race([received.catch(() => undefined), until(async () => !mortal.isAlive)]);
      if (mortal.isAlive) survived += 1;
      mortal.die();
      for (const socket of server.sockets) if (socket.account === account) socket.close(1006);
      const offline = await Client.open(
        server.environment({ openSocket: () => ({ send() {}, close() {} }) }),
        storage,
      );
      const delivered = server.conversations.get(conversationId)?.delivered.get(account!) ?? 0;
      const known = await offline.listConversations();
      const stored = known.length === 0 ? [] : await texts(offline, conversationId);
      expect(stored.length).toBeGreaterThanOrEqual(delivered);
      expect(stored).toEqual(expected.slice(0, stored.length));
      await offline.close();
    }
    expect(survived).toBe(2);
    const last = closing(await Client.open(server.environment(), storage));
    await shows(last, conversationId, expected);
  }, 60_000);
});

describe("storage", () => {
  test("[CL12] [ATTACK 37] a failing write sends nothing, says so and changes nothing; later it goes through", async () => {
    const server = new FakeServer();
    const store = failingStore(new MemoryStore());
    const alice = closing((await person(server, "alice", { storage: testStorage(store) })).client);
    const bob = closing((await person(server, "bob")).client);
    const { conversationId } = await alice.startConversation("bob");
    await alice.sendText(conversationId, "one");
    await shows(bob, conversationId, ["one"]);
    const wire = server.wire.length;
    store.fail = () => true;
    await expect(alice.sendText(conversationId, "two")).rejects.toMatchObject({ code: "storage_failed" });
    expect(await texts(alice, conversationId)).toEqual(["one"]);
    let refusedSeals = 0;
    store.fail = (operations) => {
      const isSeal = operations.some(({ table }) => table === "peers");
      if (isSeal) refusedSeals += 1;
      return isSeal;
    };
    await alice.sendText(conversationId, "three");
    await until(async () => refusedSeals > 0);
    expect(server.wire.length).toBe(wire);
    expect((await messages(alice, conversationId)).at(-1)).toMatchObject({ delivery: "pending" });
    store.fail = () => false;
    await shows(bob, conversationId, ["one", "three"]);
    assertSameBytesOrNothing(server);
  }, 20_000);

  test("[CL11] [ATTACK 35] two clients on one store with the lock disabled: no ratchet state is used twice", async () => {
    const server = new FakeServer();
    const { client: first, storage } = await person(server, "alice");
    closing(first);
    const bob = closing((await person(server, "bob")).client);
    const { conversationId } = await first.startConversation("bob");
    await first.sendText(conversationId, "start");
    await shows(bob, conversationId, ["start"]);
    const second = closing(await Client.open(server.environment(), storage));
    await until(async () => (await second.connectionStatus()).state === "online");
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([
        first.sendText(conversationId, `first ${round}`),
        second.sendText(conversationId, `second ${round}`),
      ]);
    }
    // One inbox socket per device: whoever loses its place goes on when its person says so.
    for (const [name, client] of [["first", first] as const, ["second", second] as const]) {
      await until(async () => {
        if ((await client.alarms()).isReplaced === true) await client.continueHere();
        return (await texts(bob, conversationId)).filter((text) => text.startsWith(name)).length === 5;
      }, 10_000);
    }
    const arrived = await texts(bob, conversationId);
    const expected = [0, 1, 2, 3, 4].flatMap((round) => [`first ${round}`, `second ${round}`]);
    expect(arrived.toSorted()).toEqual(["start", ...expected].toSorted());
    assertSameBytesOrNothing(server);
  }, 20_000);
});

async function accountOf(client: Client): Promise<AccountId | undefined> {
  const status = await client.accountStatus();
  return status.state === "signed_in" ? status.account : undefined;
}
