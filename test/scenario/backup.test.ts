/** Coming back after losing devices, with real clients of the real server. What this does not show: the app (test/browser). */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "#core/client.ts";
import type { ConversationId } from "#schema/ids.ts";
import { allMessages, eventually, type LivePerson, signIn, signUp, textOf } from "../support/people.ts";
import { startServer, type TestServer } from "../support/server.ts";

let server: TestServer;
const clients: Client[] = [];
const join = (person: LivePerson): LivePerson => {
  clients.push(person.client);
  return person;
};

beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await server.close();
});

async function shows(client: Client, id: ConversationId, said: readonly string[]): Promise<void> {
  await eventually(`${said.length} messages, up to "${said.at(-1)}"`, async () => {
    const known = await client.listConversations();
    if (!known.some(({ conversationId }) => conversationId === id)) return false;
    const seen = (await allMessages(client, id)).map(textOf);
    return seen.length === said.length && seen.every((text, index) => text === said[index]);
  });
}

/** Both write 150 messages, in turns of ten, and read everything. */
async function talk(anna: LivePerson, ben: LivePerson): Promise<{ id: ConversationId; said: string[] }> {
  const { conversationId: id } = await anna.client.startConversation(ben.username);
  const said: string[] = [];
  for (let turn = 0; turn < 30; turn += 1) {
    const writer = turn % 2 === 0 ? anna : ben;
    const lines = Array.from({ length: 10 }, (_, line) => `${writer.username} says ${turn}.${line}`);
    for (const line of lines) await writer.client.sendText(id, line);
    said.push(...lines);
    for (const person of [anna, ben]) await shows(person.client, id, said);
  }
  for (const { client } of [anna, ben]) await client.markRead(id, said.length);
  await allRead(anna, id);
  return { id, said };
}

function allRead({ client }: LivePerson, id: ConversationId): Promise<true> {
  return eventually("everything of the own ones is read", async () => {
    const own = (await allMessages(client, id)).filter(({ mine }) => mine);
    return own.length > 0 && own.every(({ delivery }) => delivery === "read");
  });
}

test("[BK24] who lost everything comes back with password and recovery code: 300 of 300 messages, ticks, new ones", async () => {
  const anna = await signUp(server.origin, "anna");
  const ben = join(await signUp(server.origin, "ben"));
  const { id, said } = await talk(anna, ben);
  const before = await allMessages(anna.client, id);
  await anna.client.saveBackup();
  await anna.client.logout("device");
  await anna.client.close();

  const startedAtMs = performance.now();
  const again = join(await signIn(server.origin, anna));
  await shows(again.client, id, said);
  console.log(
    `300 messages readable ${Math.round(performance.now() - startedAtMs)} ms after the code was entered`,
  );
  await again.client.openConversation(id);
  await allRead(again, id);
  expect(await allMessages(again.client, id)).toEqual(before);
  // What every device had on screen, an inbox hears of within two seconds.
  await eventually("the chat list is as new as the chat", async () => {
    const [view] = await again.client.listConversations();
    return view?.lastSeq === 300 && view.unread === 0;
  });
  await ben.client.sendText(id, "welcome back");
  await again.client.sendText(id, "as if I had never been away");
  said.push("welcome back", "as if I had never been away");
  await eventually("both are through", async () => (await allMessages(ben.client, id)).at(-1)?.seq === 302);
  const end = (await allMessages(ben.client, id)).map(textOf);
  expect(end.toSorted()).toEqual(said.toSorted());
  await shows(again.client, id, end);
});

test("[BK27] with two devices the lost one comes back with what either of them had", async () => {
  const carla = join(await signUp(server.origin, "carla"));
  const dora = join(await signUp(server.origin, "dora"));
  const { id, said } = await talk(carla, dora);
  await carla.client.saveBackup();
  const tablet = await signIn(server.origin, carla);
  await shows(tablet.client, id, said);
  for (let count = 1; count <= 5; count += 1) {
    said.push(`from the tablet ${count}`);
    await tablet.client.sendText(id, `from the tablet ${count}`);
    await shows(carla.client, id, said);
  }
  await shows(tablet.client, id, said);
  await tablet.client.saveBackup();
  await tablet.client.close();
  await carla.client.close();
  const again = join(await signIn(server.origin, carla));
  await shows(again.client, id, said);
  expect(await again.client.backupStatus()).toMatchObject({ state: "on", refused: false });
});
