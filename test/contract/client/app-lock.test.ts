/** The app lock of a client: what it keeps closed, and how it opens. What a browser does with it is in test/browser/app-lock. */
import { afterEach, describe, expect, test } from "vitest";
import { delayAfter } from "#core/account/app-lock.ts";
import { Client } from "#core/client.ts";
import type { ClientEvent, LockSecret } from "#core/client-api.ts";
import { CallServer } from "#core/rpc/call-server.ts";
import { FakeServer } from "#test/support/client/fake-server.ts";
import { person, shows, testStorage, texts, until } from "#test/support/client/people.ts";

const open: Client[] = [];
const closing = (client: Client): Client => {
  open.push(client);
  return client;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

const right: LockSecret = { type: "passphrase", passphrase: "three quiet winter trams" };
const wrong: LockSecret = { type: "passphrase", passphrase: "four loud summer cars" };
const passkey = (fill: number): LockSecret => ({
  type: "passkey",
  credentialId: new Uint8Array(16).fill(1),
  salt: new Uint8Array(32).fill(2),
  output: new Uint8Array(32).fill(fill),
});

/** A clock of this device that only a test moves. */
function clock() {
  let aheadMs = 0;
  return {
    nowMs: () => Date.now() + aheadMs,
    pass: (durationMs: number) => {
      aheadMs += durationMs;
    },
  };
}

async function alice(environment: { nowMs?: () => number } = {}) {
  const server = new FakeServer();
  const bob = await person(server, "bob");
  const storage = testStorage();
  const made = await person(server, "alice", { storage, environment });
  closing(made.client);
  closing(bob.client);
  const { conversationId } = await made.client.startConversation("bob");
  const start = async () => closing(await Client.open(server.environment(environment), storage));
  return { server, bob: bob.client, client: made.client, storage, conversationId, start };
}

describe("the app lock", () => {
  test.for([
    ["a passphrase", right],
    ["a passkey", passkey(7)],
  ] as const)("[CL120] %s seals the master key and changes no record", async ([, secret]) => {
    const { client, storage, conversationId } = await alice();
    await client.sendText(conversationId, "before");
    const before = await storage.store.list("account", {});
    const masterKey = await storage.openMasterKey();
    expect(await client.appLock()).toBe(undefined);

    await client.setAppLock({ next: secret });
    expect(await client.accountStatus()).toMatchObject({ state: "signed_in", isLockable: true });
    expect(await storage.store.list("account", {})).toEqual(before);
    const lock = await storage.appLock?.read();
    expect(lock?.sealedKey).not.toEqual(masterKey);
    await expect(storage.openMasterKey()).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(await texts(client, conversationId)).toEqual(["before"]);

    await client.removeAppLock(secret);
    expect(await storage.openMasterKey()).toEqual(masterKey);
    expect(await storage.store.list("account", {})).toEqual(before);
    expect((await client.accountStatus()).state).toBe("signed_in");
    expect(await client.accountStatus()).not.toHaveProperty("isLockable");
  });

  test("[CL120] changing and removing it needs the present secret; without it nothing changes", async () => {
    const { client, storage } = await alice();
    await client.setAppLock({ next: right });
    const before = await storage.appLock?.read();
    const changes = [
      () => client.setAppLock({ next: wrong }),
      () => client.setAppLock({ next: wrong, current: wrong }),
      () => client.removeAppLock(passkey(1)),
    ];
    for (const change of changes) await expect(change()).rejects.toMatchObject({ code: "wrong_passphrase" });
    expect(await storage.appLock?.read()).toMatchObject({
      way: before?.way,
      sealedKey: before?.sealedKey,
    });
    await client.setAppLock({ next: passkey(3), current: right });
    await client.lockNow();
    await expect(client.unlock(right)).rejects.toMatchObject({ code: "wrong_passphrase" });
    await expect(client.unlock(passkey(4))).rejects.toMatchObject({ code: "wrong_passphrase" });
    await client.unlock(passkey(3));
    expect((await client.accountStatus()).state).toBe("signed_in");
  });

  test("[CL121] locked, it answers nothing, is offline, and has forgotten what it answered", async () => {
    const { client, bob, conversationId, storage } = await alice();
    await client.sendText(conversationId, "secret words");
    await shows(bob, conversationId, ["secret words"]);
    await client.setAppLock({ next: right });
    const server = new CallServer(client);
    const call = {
      type: "call",
      id: "1",
      method: "listMessages",
      args: [conversationId, { limit: 9 }],
    } as const;
    expect(JSON.stringify(await server.answer(call))).toContain("secret words");
    const events: ClientEvent[] = [];
    client.subscribe((event) => events.push(event));

    await client.lockNow();
    server.forget();
    const status = { state: "locked", question: { type: "passphrase" }, nextTryAtMs: 0 };
    expect(await client.accountStatus()).toEqual(status);
    await until(async () => events.some((event) => event.type === "account"));
    expect(events.find((event) => event.type === "account")).toEqual({ type: "account", status });
    expect(await client.connectionStatus()).toEqual({ state: "idle" });
    expect(await server.answer(call)).toMatchObject({ ok: false, code: "locked" });
    const refused = [
      () => client.listConversations(),
      () => client.sendText(conversationId, "x"),
      () => client.exportBackup({ passphrase: "x" }),
      () => client.listDevices(),
      () => client.group(conversationId),
      () => client.setAppLock({ next: wrong }),
      () => client.removeAppLock(right),
      () => client.logout("device"),
    ];
    for (const ask of refused) await expect(ask()).rejects.toMatchObject({ code: "locked" });
    await client.lockNow(); // once more is no harm
    expect(await storage.appLock?.read()).toMatchObject({ failures: 0 });

    await bob.sendText(conversationId, "meanwhile");
    await client.unlock(right);
    await shows(client, conversationId, ["secret words", "meanwhile"]);
  });

  test("[CL121] a start with a lock is locked, and opening it continues where the last use ended", async () => {
    const { client, conversationId, start } = await alice();
    await client.saveDraft(conversationId, "half a thou");
    await client.setAppLock({ next: right });
    await client.close();
    const again = await start();
    expect(await again.accountStatus()).toMatchObject({ state: "locked" });
    await again.unlock(right);
    expect(await again.accountStatus()).toMatchObject({ state: "signed_in", username: "alice" });
    const [view] = await again.listConversations();
    expect(view).toMatchObject({ conversationId, draft: "half a thou" });
  });

  test("[CL122] wrong secrets make the next try wait, longer each time, and a restart does not shorten it", async () => {
    const time = clock();
    const { client, start, storage } = await alice(time);
    await client.setAppLock({ next: right });
    await client.lockNow();
    for (let failures = 1; failures <= 2; failures += 1) {
      await expect(client.unlock(wrong)).rejects.toMatchObject({ code: "wrong_passphrase", retryAfterMs: 0 });
    }
    await expect(client.unlock(wrong)).rejects.toMatchObject({
      code: "wrong_passphrase",
      retryAfterMs: 5_000,
    });
    const counted = await storage.appLock?.read();
    await expect(client.unlock(right)).rejects.toMatchObject({ code: "rate_limited" });
    expect(await storage.appLock?.read()).toEqual(counted);
    await client.close();

    const again = await start();
    await expect(again.unlock(right)).rejects.toMatchObject({ code: "rate_limited" });
    time.pass(5_000);
    await expect(again.unlock(wrong)).rejects.toMatchObject({ retryAfterMs: 10_000 });
    time.pass(10_000);
    await again.unlock(right);
    expect(await storage.appLock?.read()).toMatchObject({ failures: 0, nextTryAtMs: 0 });
    expect([2, 3, 4, 9, 60].map(delayAfter)).toEqual([0, 5_000, 10_000, 300_000, 300_000]);
  });

  test("[CL124] whoever forgot the secret erases everything and starts as a stranger", async () => {
    const { client, storage } = await alice();
    const masterKey = await storage.openMasterKey();
    await client.setAppLock({ next: right });
    await client.lockNow();
    await client.forget();
    expect(await client.accountStatus()).toEqual({ state: "signed_out" });
    for (const table of ["account", "peers", "prekeys", "messages", "conversations"]) {
      expect(await storage.store.list(table, {})).toEqual([]);
    }
    expect(await storage.appLock?.read()).toBe(undefined);
    expect(await storage.openMasterKey()).not.toEqual(masterKey);
    await client.login({ username: "alice", password: "pw of alice" });
  });
});
