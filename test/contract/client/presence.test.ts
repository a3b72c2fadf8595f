import { afterEach, expect, test } from "vitest";
import { Presence } from "#core/sync/presence.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { FakeServer } from "#test/support/client/fake-server.ts";
import { ManualTime } from "#test/support/client/manual-time.ts";
import { type Person, person, shows, until } from "#test/support/client/people.ts";

let people: Person[] = [];
afterEach(async () => {
  await Promise.all(people.map(({ client }) => client.close()));
  people = [];
});

const peer = "P" as AccountId;
const chat = "c" as ConversationId;

function rig() {
  const time = new ManualTime();
  const sent: object[] = [];
  let changes = 0;
  const presence = new Presence(new FakeServer().environment(time.parts), {
    send: (frame) => sent.push(frame) > 0,
    peerOf: (conversationId) => (conversationId === chat ? peer : undefined),
    changed: () => (changes += 1),
  });
  return { time, sent, presence, changes: () => changes };
}

test("[CL45] presence is asked for regularly while someone is on screen, and not at all otherwise", async () => {
  const { time, sent, presence } = rig();
  presence.ask();
  await time.pass(60_000);
  expect(sent).toEqual([]);
  presence.show(chat, true);
  await time.pass(2 * limits.presenceIntervalMs);
  expect(sent).toEqual(Array.from({ length: 3 }, () => ({ type: "presence:get", accounts: [peer] })));
  presence.show(chat, false);
  expect(time.nextMs).toBeUndefined();
});

test("[CL45] answers are shown until they are hidden or too old; signs of life show someone online at once", async () => {
  const { time, presence, changes } = rig();
  presence.active(peer);
  expect(presence.of(peer)).toBeUndefined();
  presence.received([{ account: peer, state: "offline", lastSeenMs: 5 }]);
  presence.received([{ account: peer, state: "offline", lastSeenMs: 5 }]);
  expect([presence.of(peer), changes()]).toEqual([{ state: "offline", lastSeenMs: 5 }, 1]);
  presence.active(peer);
  expect(presence.of(peer)).toEqual({ state: "online" });
  presence.received([{ account: peer, state: "hidden" }]);
  expect(presence.of(peer)).toBeUndefined();
  presence.received([{ account: peer, state: "online" }]);
  presence.show(chat, true);
  await time.pass(3 * limits.presenceIntervalMs);
  expect(presence.of(peer)).toBeUndefined();
});

test("[CL45] the view of a conversation on screen shows the peer's presence and follows their choice", async () => {
  const server = new FakeServer();
  people = [await person(server, "alice"), await person(server, "bob")];
  const [alice, bob] = people.map(({ client }) => client) as [Person["client"], Person["client"]];
  const { conversationId } = await alice.startConversation("bob");
  await alice.sendText(conversationId, "hello");
  await shows(bob, conversationId, ["hello"]);
  const seen = async () => {
    const [view] = await alice.listConversations();
    return view?.kind === "direct" ? view.peerPresence : undefined;
  };
  expect(await seen()).toBeUndefined();
  await alice.openConversation(conversationId);
  await until(async () => (await seen())?.state === "online");
  expect(await bob.presenceAudience()).toBe("contacts");
  await bob.setPresenceAudience("nobody");
  expect(await bob.presenceAudience()).toBe("nobody");
  await alice.closeConversation(conversationId);
  await alice.openConversation(conversationId);
  await until(async () => (await seen()) === undefined);
});
