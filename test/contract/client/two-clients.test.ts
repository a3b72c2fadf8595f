import { afterEach, describe, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import { FakeServer } from "#test/support/client/fake-server.ts";
import {
  messages,
  type Person,
  person,
  secondDevice,
  shows,
  texts,
  until,
} from "#test/support/client/people.ts";

let people: Pick<Person, "client">[] = [];
const join = <P extends Pick<Person, "client">>(one: P): P => {
  people.push(one);
  return one;
};
afterEach(async () => {
  await Promise.all(people.map(({ client }) => client.close()));
  people = [];
});

const lines = (count: number, prefix = "line") =>
  Array.from({ length: count }, (_, index) => `${prefix} ${index + 1}`);

describe("two clients", () => {
  test("a text arrives, is acknowledged, delivered and read", async () => {
    const server = new FakeServer();
    const alice = join(await person(server, "alice")).client;
    const bob = join(await person(server, "bob")).client;
    const { conversationId } = await alice.startConversation("Bob ");
    await alice.sendText(conversationId, "hello");
    await shows(bob, conversationId, ["hello"]);
    const [received] = await messages(bob, conversationId);
    expect(received).toMatchObject({
      seq: 1,
      mine: false,
      delivery: undefined,
      content: { type: "text", text: "hello" },
    });
    const [before] = await bob.listConversations();
    expect(before).toMatchObject({ unread: 1, readSeq: 0, lastSeq: 1, peer: { username: "alice" } });
    await until(async () => (await messages(alice, conversationId))[0]?.delivery === "delivered");
    await bob.markRead(conversationId, 1);
    await until(async () => (await messages(alice, conversationId))[0]?.delivery === "read");
    expect((await bob.listConversations())[0]).toMatchObject({ unread: 0, readSeq: 1 });
  });

  test("[CL43] a device from below the object's window heals from history pages and goes on live", async () => {
    const server = new FakeServer();
    const alice = join(await person(server, "alice")).client;
    const bobsPerson = await person(server, "bob");
    const { conversationId } = await alice.startConversation("bob");
    await alice.sendText(conversationId, "first");
    await shows(bobsPerson.client, conversationId, ["first"]);
    await bobsPerson.client.close();
    const missed = lines(250);
    await Promise.all(missed.map((text) => alice.sendText(conversationId, text)));
    const conversation = server.conversations.get(conversationId)!;
    await until(async () => conversation.log.length === 251);
    conversation.prunedSeq = 230;
    const bob = join({ client: await Client.open(server.environment(), bobsPerson.storage) }).client;
    await shows(bob, conversationId, ["first", ...missed]);
    await bob.sendText(conversationId, "back");
    await shows(alice, conversationId, ["first", ...missed, "back"]);
  });

  test("[CL20] many texts in both directions arrive once and in one order", async () => {
    const server = new FakeServer();
    const alice = join(await person(server, "alice")).client;
    const bob = join(await person(server, "bob")).client;
    const { conversationId } = await alice.startConversation("bob");
    await bob.startConversation("alice");
    await Promise.all([
      ...lines(120, "a").map((text) => alice.sendText(conversationId, text)),
      ...lines(80, "b").map((text) => bob.sendText(conversationId, text)),
    ]);
    await until(async () => (await texts(alice, conversationId)).length === 200 && !(await pending(alice)));
    await until(async () => (await texts(bob, conversationId)).length === 200 && !(await pending(bob)));
    const seen = await texts(alice, conversationId);
    expect(await texts(bob, conversationId)).toEqual(seen);
    expect(seen.filter((text) => text.startsWith("a"))).toEqual(lines(120, "a"));
    expect(seen.filter((text) => text.startsWith("b"))).toEqual(lines(80, "b"));

    async function pending(client: typeof alice): Promise<boolean> {
      return (await messages(client, conversationId)).some(({ delivery }) => delivery === "pending");
    }
  });

  test("[CL14] [CL23] a second device gets what is sent from now on, under the same id and body, and placeholders for before", async () => {
    const server = new FakeServer();
    const { client: alice, recoveryCode } = join(await person(server, "alice"));
    const bob = join(await person(server, "bob")).client;
    const { conversationId } = await alice.startConversation("bob");
    await alice.sendText(conversationId, "early");
    await shows(bob, conversationId, ["early"]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const tablet = join(await secondDevice(server, "alice", recoveryCode)).client;
    await bob.sendText(conversationId, "to both");
    await shows(alice, conversationId, ["early", "to both"]);
    const [refused, accepted] = server.wire.slice(-2).map((text): MessageSend => JSON.parse(text));
    expect(refused?.capsules).toHaveLength(1);
    expect(accepted?.capsules).toHaveLength(2);
    expect(accepted?.clientMessageId).toBe(refused?.clientMessageId);
    expect(accepted?.body).toBe(refused?.body);
    await shows(tablet, conversationId, ["[before_this_device]", "to both"]);
    await alice.sendText(conversationId, "from the first");
    await tablet.sendText(conversationId, "from the second");
    const expected = ["to both", "from the first", "from the second"];
    await until(
      async () => (await texts(tablet, conversationId)).slice(1).sort().join() === expected.toSorted().join(),
    );
    await shows(bob, conversationId, ["early", ...(await texts(tablet, conversationId)).slice(1)]);
  });

  test("a long backlog is decrypted in order after being away, over several resumes", async () => {
    const server = new FakeServer();
    const alice = join(await person(server, "alice")).client;
    const { client: bob, storage } = await person(server, "bob");
    const { conversationId } = await alice.startConversation("bob");
    await bob.close();
    await Promise.all(lines(250).map((text) => alice.sendText(conversationId, text)));
    await until(async () => server.conversations.get(conversationId)?.log.length === 250);
    const again = join({ client: await Client.open(server.environment(), storage), storage }).client;
    await shows(again, conversationId, lines(250));
    expect((await again.listConversations())[0]).toMatchObject({ unread: 250, lastSeq: 250 });
  });

  test("[CL66] a thousand messages are a few events, not a thousand", async () => {
    const server = new FakeServer();
    const alice = join(await person(server, "alice")).client;
    const bob = join(await person(server, "bob")).client;
    const { conversationId } = await alice.startConversation("bob");
    const events: string[] = [];
    bob.subscribe(({ type }) => events.push(type));
    await Promise.all(lines(200).map((text) => alice.sendText(conversationId, text)));
    await shows(bob, conversationId, lines(200));
    expect(events.filter((type) => type === "messages").length).toBeLessThan(100);
  });
});
