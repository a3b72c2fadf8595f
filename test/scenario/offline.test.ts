/** A person without a network writes on; when it returns, both sides have one and the same conversation. */
import { afterAll, expect, test } from "vitest";
import { allMessages, eventually, isOnline, type LivePerson, signUp, textOf } from "../support/people.ts";
import { startServer } from "../support/server.ts";

const each = 50;
const server = await startServer();
const people: LivePerson[] = [];
afterAll(async () => {
  await Promise.all(people.map(({ client }) => client.close()));
  await server.close();
});

const lines = (name: string): string[] => Array.from({ length: each }, (_, index) => `${name} ${index + 1}`);

test("[CL24] fifty messages of each side, written while one was offline, end up once and in one order at both", async () => {
  const anna = await signUp(server.origin, "anna");
  const ben = await signUp(server.origin, "ben");
  people.push(anna, ben);
  const { conversationId } = await anna.client.startConversation("ben");
  await ben.client.startConversation("anna");
  for (const { client } of people) await client.openConversation(conversationId);
  const both = (what: string, holds: (person: LivePerson) => Promise<boolean>) =>
    Promise.all(people.map((person) => eventually(`${person.username} ${what}`, () => holds(person))));
  await anna.client.sendText(conversationId, "before");
  await both("has the first message", async ({ client }) => {
    return (await allMessages(client, conversationId)).some((message) => message.seq === 1);
  });

  anna.network.unplug();
  await eventually("anna notices", async () => (await anna.client.connectionStatus()).state === "waiting");
  for (const text of lines("anna")) await anna.client.sendText(conversationId, text);
  for (const text of lines("ben")) await ben.client.sendText(conversationId, text);
  await eventually("ben is acknowledged", async () =>
    (await allMessages(ben.client, conversationId)).every(({ delivery }) => delivery !== "pending"),
  );
  const offline = await allMessages(anna.client, conversationId);
  expect(offline.map(textOf)).toEqual(["before", ...lines("anna")]);
  expect(offline.slice(1).map(({ seq, delivery }) => [seq, delivery])).toEqual(
    lines("anna").map(() => [undefined, "pending"]),
  );
  expect(
    (await allMessages(ben.client, conversationId)).some(({ delivery }) => delivery === "delivered"),
  ).toBe(false);

  anna.network.plugIn();
  const total = 2 * each + 1;
  await both("has everything", async ({ client }) => {
    const messages = await allMessages(client, conversationId);
    return messages.length === total && messages.every(({ seq }) => seq !== undefined);
  });
  await both("is online", ({ client }) => isOnline(client));
  const [first, second] = await Promise.all(people.map(({ client }) => allMessages(client, conversationId)));
  expect(first?.map(({ seq }) => seq)).toEqual(Array.from({ length: total }, (_, index) => index + 1));
  expect(first?.map(textOf)).toEqual(["before", ...lines("ben"), ...lines("anna")]);
  expect(second?.map(({ clientMessageId }) => clientMessageId)).toEqual(
    first?.map(({ clientMessageId }) => clientMessageId),
  );
  expect(second?.map(textOf)).toEqual(first?.map(textOf));

  for (const { client } of people) await client.markRead(conversationId, total);
  await both("sees all of it read", async ({ client }) => {
    const messages = await allMessages(client, conversationId);
    return messages.every(({ mine, delivery }) => !mine || delivery === "read");
  });
});
