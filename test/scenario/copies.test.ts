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

test("[CL190] [ATTACK 39] both copies go on under keys of their own, and both people are told", async () => {
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
  await Promise.all([
    copy.sendText(conversationId, "by the copy"),
    anna.client.sendText(conversationId, "by Anna"),
  ]);
  await eventually("both messages", async () => {
    const texts = await bensTexts();
    return texts.includes("by the copy") && texts.includes("by Anna");
  });
  for (const client of [anna.client, copy]) {
    await eventually("word of the copy", async () => {
      for (const each of [anna.client, copy]) await each.reconnectNow();
      return (await client.alarms()).copiedAtMs !== undefined;
    });
  }
  await ben.client.sendText(conversationId, "who are you two?");
  for (const client of [anna.client, copy]) {
    await eventually("Ben's question", async () =>
      (await allMessages(client, conversationId)).map(textOf).includes("who are you two?"),
    );
  }
  expect(await anna.client.accountStatus()).toMatchObject({ state: "signed_in" });
});
