/** What a server may not achieve by reordering, repeating, withholding, swapping or inventing. */
import { afterEach, describe, expect, test } from "vitest";
import type { Client } from "#core/client.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { createAccountKey } from "#core/crypto/device-identity.ts";
import { createGenesisList } from "#core/crypto/device-list.ts";
import { createOwnDevice } from "#core/account/enrolment.ts";
import type { ConversationId } from "#schema/ids.ts";
import { FakeServer, quickProvider } from "#test/support/client/fake-server.ts";
import { messages, person, shows, until } from "#test/support/client/people.ts";

const open: Client[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

async function pair(
  server: FakeServer,
): Promise<{ alice: Client; bob: Client; conversationId: ConversationId }> {
  const alice = (await person(server, "alice")).client;
  const bob = (await person(server, "bob")).client;
  open.push(alice, bob);
  const { conversationId } = await alice.startConversation("bob");
  await alice.sendText(conversationId, "first");
  await shows(bob, conversationId, ["first"]);
  return { alice, bob, conversationId };
}

const isMessage = (event: { type: string }) =>
  event.type === "message:new" || event.type === "conversation:update";

describe("order and gaps", () => {
  test("[CL21] events that the server lost on the way are noticed and fetched; order is kept", async () => {
    const server = new FakeServer();
    const { alice, bob, conversationId } = await pair(server);
    let count = 0;
    server.eventFilter = (event) => (isMessage(event) && (count += 1) % 3 !== 0 ? undefined : event);
    const sent = Array.from({ length: 30 }, (_, index) => `text ${index}`);
    for (const text of sent) await alice.sendText(conversationId, text);
    await shows(bob, conversationId, ["first", ...sent]);
  });

  test("[CL20] [ATTACK 1] repeated and reordered events make no second bubble", async () => {
    const server = new FakeServer();
    const { alice, bob, conversationId } = await pair(server);
    await bob.openConversation(conversationId);
    const status = await bob.accountStatus();
    const isBobs = (account: string) => "account" in status && status.account === account;
    await until(async () => [...server.sockets].some(({ live, account }) => live && isBobs(account)));
    const held: (() => void)[] = [];
    server.eventFilter = (event, socket) => {
      if (!isMessage(event)) return event;
      if ("again" in event) return event;
      for (let copy = 0; copy < 3; copy += 1) held.push(() => socket.send({ ...event, again: true }));
      return undefined;
    };
    const sent = Array.from({ length: 12 }, (_, index) => `text ${index}`);
    for (const text of sent) await alice.sendText(conversationId, text);
    await until(async () => held.length >= 36);
    for (const release of held.toReversed()) release();
    await shows(bob, conversationId, ["first", ...sent]);
    expect((await bob.listConversations())[0]).toMatchObject({ unread: 13 });
  });

  test("[CL24] a lost connection is taken up again and what was missed arrives", async () => {
    const server = new FakeServer();
    const { alice, bob, conversationId } = await pair(server);
    server.goOffline();
    await until(async () => (await bob.connectionStatus()).state === "waiting");
    await alice.sendText(conversationId, "written offline");
    expect((await messages(alice, conversationId)).at(-1)).toMatchObject({
      delivery: "pending",
      seq: undefined,
    });
    server.isOnline = true;
    await Promise.all([alice.reconnectNow(), bob.reconnectNow()]);
    await shows(bob, conversationId, ["first", "written offline"]);
  });

  test("[CL13] rate_limited: the same bytes go again later, in order", async () => {
    const server = new FakeServer();
    const { alice, bob, conversationId } = await pair(server);
    const before = server.wire.length;
    server.refuseSends = { code: "rate_limited", retryAfterMs: 20 };
    const sent = ["one", "two", "three"];
    for (const text of sent) await alice.sendText(conversationId, text);
    await until(async () => server.wire.length > before + 3);
    server.refuseSends = undefined;
    await shows(bob, conversationId, ["first", ...sent]);
    expect(new Set(server.wire.slice(before)).size).toBe(3);
  });
});

describe("messages", () => {
  test("[CL161] bytes that are no base64url spoil their own message and not those after it", async () => {
    const server = new FakeServer();
    const { alice, bob, conversationId } = await pair(server);
    const { log } = server.conversations.get(conversationId)!;
    server.goOffline();
    server.isOnline = true;
    server.eventFilter = (event) => (isMessage(event) ? undefined : event);
    for (const text of ["spoilt capsule", "spoilt body", "after"]) await alice.sendText(conversationId, text);
    await until(async () => log.length === 4);
    server.goOffline();
    log[1]!.capsules[0]!.data = "=capsule=";
    log[2]!.body = "=body=";
    server.eventFilter = (event) => event;
    server.frameFilter = (frame) => frame.type !== "device:send";
    server.isOnline = true;
    await bob.reconnectNow();
    await shows(bob, conversationId, ["first", "[waiting]", "[broken]", "after"]);
  });

  test("[ATTACK 11] a body without its capsule, and a capsule with another body, show no text and ask again", async () => {
    const server = new FakeServer();
    const { alice, bob, conversationId } = await pair(server);
    const { log } = server.conversations.get(conversationId)!;
    server.goOffline();
    server.isOnline = true;
    server.eventFilter = (event) => (isMessage(event) ? undefined : event);
    await alice.sendText(conversationId, "no capsule");
    await alice.sendText(conversationId, "other body");
    await until(async () => log.length === 3);
    server.goOffline();
    log[1]!.capsules.splice(0);
    log[2]!.body = log[0]!.body;
    server.eventFilter = (event) => event;
    server.frameFilter = (frame) => frame.type !== "device:send";
    server.isOnline = true;
    await bob.reconnectNow();
    await shows(bob, conversationId, ["first", "[waiting]", "[broken]"]);
  });

  test("[ATTACK 13] a client message id used again is shown once, whatever it carries", async () => {
    const server = new FakeServer();
    const { alice, bob, conversationId } = await pair(server);
    const conversation = server.conversations.get(conversationId)!;
    await alice.sendText(conversationId, "second");
    await shows(bob, conversationId, ["first", "second"]);
    const [first, second] = conversation.log;
    conversation.log.push({ ...second!, seq: 3, clientMessageId: first!.clientMessageId });
    await alice.sendText(conversationId, "fourth");
    await shows(bob, conversationId, ["first", "second", "fourth"]);
    expect((await bob.listConversations())[0]).toMatchObject({ unread: 3, lastSeq: 4 });
  });
});

describe("identities", () => {
  test("[ATTACK 17] an account key swapped without a hand-over is not followed, and sending stops visibly", async () => {
    const server = new FakeServer();
    const { alice, conversationId } = await pair(server);
    const bob = server.accounts.byName("bob")!;
    const aik = createAccountKey(quickProvider);
    const own = createOwnDevice(quickProvider, aik, bob.account, 1, Date.now());
    const accountId = decodeBase64url(bob.account);
    const forged = createGenesisList(quickProvider, aik, {
      accountId,
      issuedAtMs: Date.now(),
      certs: [own.cert],
    });
    bob.lists.splice(0, 1, encodeBase64url(forged.bytes));
    bob.certificates.splice(0, 1, { deviceId: 1, certificate: encodeBase64url(own.cert.bytes) });
    server.conversations.get(conversationId)!.accept = () => ({ refused: "device_set_mismatch", stale: [] });
    const before = server.wire.length;
    await alice.sendText(conversationId, "secret");
    await until(async () => (await messages(alice, conversationId)).at(-1)?.delivery === "failed");
    expect(server.wire.length).toBe(before + 1);
    await expect(alice.sendText(conversationId, "more")).rejects.toMatchObject({ code: "identity_changed" });
  });
});
