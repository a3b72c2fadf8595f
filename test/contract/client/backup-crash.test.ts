/** Death at every step of a save: the same bytes go again, nothing is missed and nothing is in the backup twice. */
import { afterEach, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import { MemoryStore } from "#core/store/memory-store.ts";
import { FakeServer } from "#test/support/client/fake-server.ts";
import { Mortal } from "#test/support/client/mortal.ts";
import { person, shows, testStorage } from "#test/support/client/people.ts";

const open: Client[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

const tables = [
  ..."account prekeys prekey-state last-resort-uses peers directories conversations messages message-ids outbox".split(
    " ",
  ),
  ..."device-outbox device-position retries repairs drafts backup-state backup-cursors backup-segments".split(
    " ",
  ),
];

async function copyOf(store: MemoryStore): Promise<MemoryStore> {
  const copy = new MemoryStore();
  for (const table of tables) {
    for (const { key, generation, value } of await store.list(table, {})) {
      for (let expected = 0; expected < generation; expected += 1) {
        await copy.commit([{ type: "put", table, key, expected, value }]);
      }
    }
  }
  return copy;
}

test("[BK20] a save that dies at any step is finished by the next start, each key once", async () => {
  const server = new FakeServer();
  const store = new MemoryStore();
  const storage = testStorage(store);
  const alice = await person(server, "alice", { storage });
  const bob = await person(server, "bob");
  open.push(bob.client);
  const { conversationId } = await alice.client.startConversation("bob");
  const said = ["one", "two", "three"];
  for (let count = 1; count <= 3; count += 1) {
    await alice.client.sendText(conversationId, said[count - 1]!);
    await shows(bob.client, conversationId, said.slice(0, count));
    await shows(alice.client, conversationId, said.slice(0, count));
  }
  const status = await alice.client.accountStatus();
  if (status.state !== "signed_in") expect.unreachable();
  const { manifests, segments } = server.backups.of(status.account);
  await alice.client.close();

  let lives = 0;
  for (let dieAt = 1; ; dieAt += 1) {
    manifests.clear();
    segments.clear();
    const copy = await copyOf(store);
    const mortal = new Mortal(dieAt);
    const contents = new Map<string, string>();
    const environment = server.environment({
      fetch: (url, init) => {
        const id = /segments\/(.+)$/.exec(url)?.[1];
        const before = id === undefined ? undefined : contents.get(id);
        expect(before === undefined || before === init.body).toBe(true);
        if (id !== undefined && typeof init.body === "string") contents.set(id, init.body);
        return server.environment().fetch(url, init);
      },
    });
    const dying = Client.open(
      { ...environment, ...mortal.environment(environment) },
      { ...storage, store: mortal.store(copy) },
    ).then((client) => client.saveBackup());
    const died = new Promise<"died">((resolve) => {
      const look = (): void => void (mortal.isAlive ? setImmediate(look) : resolve("died"));
      look();
    });
    const end = await Promise.race([dying.then(() => "saved" as const), died]);
    mortal.die();
    const client = await Client.open(environment, { ...storage, store: copy });
    await client.saveBackup();
    expect(await client.backupStatus()).toMatchObject({ savedMessages: 3, waitingMessages: 0 });
    expect([...contents.keys()].length).toBe(1);
    expect([segments.size, manifests.get(1)?.version]).toEqual([1, 1]);
    await client.close();
    lives += 1;
    if (end === "saved") break;
  }
  expect(lives).toBeGreaterThan(10);
}, 60_000);
