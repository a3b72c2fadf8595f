/** A client whose curves come after the start: what it shows meanwhile, and how it goes on. */
import { afterEach, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import { lateProvider } from "#core/crypto/late-provider.ts";
import { CallServer } from "#core/rpc/call-server.ts";
import type { ClientMethod } from "#core/rpc/messages.ts";
import { FakeServer } from "#test/support/client/fake-server.ts";
import { person, shows, testStorage, until } from "#test/support/client/people.ts";

const open: Client[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

test("[CL74] the stored chat list shows before the curves are there; then everything goes on by itself", async () => {
  const server = new FakeServer();
  const storage = testStorage();
  const bob = await person(server, "bob");
  const made = await person(server, "alice", { storage });
  open.push(bob.client);
  const { conversationId } = await made.client.startConversation("bob");
  await made.client.sendText(conversationId, "before");
  await shows(bob.client, conversationId, ["before"]);
  await made.client.close();
  await bob.client.sendText(conversationId, "while you were away");

  const { provider } = server.environment();
  const { promise, resolve } = Promise.withResolvers<typeof provider>();
  let asked = 0;
  const late = lateProvider(provider, () => {
    asked += 1;
    return asked === 1 ? Promise.reject(new TypeError("offline")) : promise;
  });
  const environment = server.environment({ provider: late.provider, keysReady: late.ready });
  const timers: (() => void)[] = [];
  const { setTimer } = environment;
  const client = await Client.open(
    { ...environment, setTimer: (ms, run) => (ms === 5_000 ? keep(run) : setTimer(ms, run)) },
    storage,
  );
  function keep(run: () => void): () => void {
    timers.push(run);
    return () => undefined;
  }
  open.push(client);
  const calls = new CallServer(client, late.ready);
  let ids = 0;
  const call = (method: ClientMethod, ...args: readonly unknown[]) =>
    calls.answer({ type: "call", id: String((ids += 1)), method, args });

  expect(await call("listConversations")).toMatchObject({
    ok: true,
    value: [{ conversationId, lastSeq: 1 }],
  });
  expect(await call("accountStatus")).toMatchObject({ ok: true, value: { state: "signed_in" } });
  expect(await call("connectionStatus")).toMatchObject({ ok: true, value: { state: "idle" } });
  await until(async () => timers.length === 1);
  expect(asked).toBe(1);
  const waiting = call("sendText", conversationId, "written early");
  for (const run of timers.splice(0)) run();
  resolve(provider);
  expect(await waiting).toMatchObject({ ok: true });
  await shows(client, conversationId, ["before", "while you were away", "written early"]);
  await shows(bob.client, conversationId, ["before", "while you were away", "written early"]);
});

test("[CL74] a call that needs the curves fails with `offline` when they cannot be had, and may be made again", async () => {
  const server = new FakeServer();
  const { client } = await person(server, "alice");
  open.push(client, (await person(server, "bob")).client);
  let isOffline = true;
  const calls = new CallServer(client, async () => {
    if (isOffline) throw new TypeError("failed to fetch");
  });
  const call = (id: string) => calls.answer({ type: "call", id, method: "startConversation", args: ["bob"] });
  expect(await call("1")).toEqual({
    type: "answer",
    id: "1",
    ok: false,
    code: "offline",
    retryAfterMs: undefined,
  });
  isOffline = false;
  expect(await call("2")).toMatchObject({ ok: true, value: { peer: { username: "bob" } } });
});
