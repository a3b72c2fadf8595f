/** A device's store that runs on two machines, with the real server between them (attack 39). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import { RollbackStore } from "../support/client/rollback-store.ts";
import {
  allMessages,
  eventually,
  type LivePerson,
  quickPasswordProvider,
  signUp,
  testStorage,
  textOf,
} from "../support/people.ts";
import { RecordedNetwork } from "../support/recorded-network.ts";
import { startServer, type TestServer } from "../support/server.ts";

let server: TestServer;
let anna: LivePerson;
let ben: LivePerson;
const store = new RollbackStore();
const open: Client[] = [];

beforeAll(async () => {
  server = await startServer();
  [anna, ben] = await Promise.all([
    signUp(server.origin, "anna", { storage: testStorage(store) }),
    signUp(server.origin, "ben"),
  ]);
  open.push(anna.client, ben.client);
});
afterAll(async () => {
  await Promise.all(open.map((client) => client.close()));
  await server.close();
});

test("[CL190] [CL191] [ATTACK 39] the copy that lost its place stops until its person goes on there, under keys of its own, and both are told", async () => {
  const { conversationId } = await anna.client.startConversation("ben");
  await anna.client.sendText(conversationId, "one");
  const bensTexts = async (): Promise<string[]> => {
    const known = await ben.client.listConversations();
    return known.length === 0 ? [] : (await allMessages(ben.client, conversationId)).map(textOf);
  };
  await eventually("the first message", async () => (await bensTexts()).length === 1);
  await ben.client.sendText(conversationId, "two");
  await eventually("the answer", async () => (await allMessages(anna.client, conversationId)).length === 2);

  const network = new RecordedNetwork(server.origin, quickPasswordProvider);
  const copy = await Client.open(network.environment, { ...anna.storage, store: await store.clone() });
  open.push(copy);
  const isOut = async (client: Client) => (await client.alarms()).isReplaced === true;
  const [first, second] = await eventually("one of them stops", async () => {
    const out = [await isOut(anna.client), await isOut(copy)];
    return (
      out[0] !== out[1] && (out[0] === true ? ([copy, anna.client] as const) : ([anna.client, copy] as const))
    );
  });
  await Promise.all([
    first.sendText(conversationId, "by one"),
    second.sendText(conversationId, "by the other"),
  ]);
  await eventually("what the connected one wrote", async () => (await bensTexts()).includes("by one"));
  await second.reconnectNow();
  await ben.client.sendText(conversationId, "are you still there?");
  await eventually("it goes on", async () =>
    (await allMessages(first, conversationId)).map(textOf).includes("are you still there?"),
  );
  expect([await isOut(first), await isOut(second)]).toEqual([false, true]);
  expect(await bensTexts()).not.toContain("by the other");

  await second.continueHere();
  await eventually("what had waited", async () => (await bensTexts()).includes("by the other"));
  await eventually("the other one stops", () => isOut(first));
  for (const [client, other] of [
    [first, second],
    [second, first],
    [first, second],
    [second, first],
  ] as const) {
    await client.continueHere();
    await eventually("the other one stops again", () => isOut(other));
  }
  for (const client of [first, second]) {
    expect(await client.alarms()).toMatchObject({ copiedAtMs: expect.any(Number) });
  }
  await ben.client.sendText(conversationId, "who are you two?");
  for (const client of [second, first]) {
    await client.continueHere();
    await eventually("Ben's question", async () =>
      (await allMessages(client, conversationId)).map(textOf).includes("who are you two?"),
    );
  }
  expect(await anna.client.accountStatus()).toMatchObject({ state: "signed_in" });
});
