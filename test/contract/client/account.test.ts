import { afterEach, describe, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import { MemoryStore } from "#core/store/memory-store.ts";
import type { ClientEvent } from "#core/client-api.ts";
import { FakeServer } from "#test/support/client/fake-server.ts";
import { person, secondDevice, shows, testStorage, texts, until } from "#test/support/client/people.ts";

const open: Client[] = [];
const closing = (client: Client): Client => {
  open.push(client);
  return client;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

/** The server ends the session of somebody's first device, for instance because another one removed it. */
async function endSession(server: FakeServer, client: Client, username: string): Promise<void> {
  const device = server.accounts.byName(username)!.devices.get(1)!;
  device.revoked = true;
  device.refreshToken = "";
  server.accounts.tokens.clear();
  for (const socket of server.sockets) socket.close(4410);
  await until(async () => (await client.accountStatus()).state === "ended");
}

describe("accounts", () => {
  test("[CL50] registering signs in and gives a recovery code; a taken or unfit name leaves nothing behind", async () => {
    const server = new FakeServer();
    const store = new MemoryStore();
    const { client, recoveryCode } = await person(server, "alice", { storage: testStorage(store) });
    closing(client);
    expect(recoveryCode).toMatch(/^([0-9A-Z]{5}-){7}[0-9A-Z]{5}$/);
    expect(await client.accountStatus()).toMatchObject({
      state: "signed_in",
      username: "alice",
      deviceId: 1,
    });
    const other = new MemoryStore();
    const second = closing(await Client.open(server.environment(), testStorage(other)));
    const input = { password: "p", deviceName: "d" };
    await expect(second.register({ username: "Alice", ...input })).rejects.toMatchObject({
      code: "username_taken",
    });
    await expect(second.register({ username: "ä", ...input })).rejects.toMatchObject({
      code: "username_invalid",
    });
    expect(await second.accountStatus()).toEqual({ state: "signed_out" });
    for (const table of ["account", "prekeys", "prekey-state"])
      expect(await other.list(table, {})).toEqual([]);
  });

  test("[CL51] a wrong password or recovery code is told apart, and the code can be entered again", async () => {
    const server = new FakeServer();
    const { client, recoveryCode } = await person(server, "alice");
    closing(client);
    const tablet = closing(await Client.open(server.environment(), testStorage()));
    const wrong = tablet.login({ username: "alice", password: "other" });
    await expect(wrong).rejects.toMatchObject({ code: "wrong_credentials" });
    expect(await tablet.login({ username: "ALICE", password: "pw of alice" })).toEqual({
      step: "recovery_code_needed",
    });
    const other = (await person(server, "bob")).recoveryCode;
    for (const code of [
      "nonsense",
      other,
      recoveryCode.replace(/^./, (char) => (char === "0" ? "1" : "0")),
    ]) {
      const attempt = tablet.completeLogin({ recoveryCode: code, deviceName: "tablet" });
      await expect(attempt).rejects.toMatchObject({ code: "wrong_recovery_code" });
    }
    expect(server.accounts.byName("alice")?.lists).toHaveLength(1);
    await tablet.completeLogin({ recoveryCode: recoveryCode.toLowerCase(), deviceName: "tablet" });
    expect(await tablet.accountStatus()).toMatchObject({ state: "signed_in", deviceId: 2 });
  });

  test("[AU88] an account whose code the server does not know tells it where the code opens the vault", async () => {
    const server = new FakeServer();
    const { client, recoveryCode } = await person(server, "alice");
    closing(client);
    const alice = server.accounts.byName("alice")!;
    const { recoveryKey } = alice;
    expect(recoveryKey).toMatch(/^[\w-]{43}$/);
    alice.recoveryKey = undefined;
    closing((await secondDevice(server, "alice", recoveryCode)).client);
    await until(async () => alice.recoveryKey === recoveryKey);

    alice.recoveryKey = undefined;
    const change = { current: { recoveryCode }, next: "another one", signOutOthers: false };
    await client.changePassword(change).catch(() => undefined); // this server knows no such route
    await until(async () => alice.recoveryKey === recoveryKey);
  });

  test("[CL52] a second start on the same store continues, messages, drafts and read marks included", async () => {
    const server = new FakeServer();
    const { client: alice, storage } = await person(server, "alice");
    const bob = closing((await person(server, "bob")).client);
    const { conversationId } = await alice.startConversation("bob");
    await alice.sendText(conversationId, "kept");
    await shows(bob, conversationId, ["kept"]);
    await bob.sendText(conversationId, "answer");
    await shows(alice, conversationId, ["kept", "answer"]);
    await alice.markRead(conversationId, 2);
    await alice.saveDraft(conversationId, "not yet sen");
    await alice.close();
    server.goOffline();
    const again = closing(await Client.open(server.environment(), storage));
    expect(await texts(again, conversationId)).toEqual(["kept", "answer"]);
    const [view] = await again.listConversations();
    expect(view).toMatchObject({
      draft: "not yet sen",
      unread: 0,
      readSeq: 2,
      preview: { content: { text: "answer" } },
    });
  });

  test("[CL53] logout wipes at once, works without the server, and leaves no record and no key", async () => {
    const server = new FakeServer();
    const store = new MemoryStore();
    const { client: alice } = await person(server, "alice", { storage: testStorage(store) });
    closing(alice);
    const bob = closing((await person(server, "bob")).client);
    const { conversationId } = await alice.startConversation("bob");
    await alice.sendText(conversationId, "secret");
    await shows(bob, conversationId, ["secret"]);
    server.goOffline();
    await alice.logout("device");
    expect(await alice.accountStatus()).toEqual({ state: "signed_out" });
    for (const table of ["account", "prekeys", "peers", "messages", "directories", "conversations"]) {
      expect(await store.list(table, {})).toEqual([]);
    }
    await expect(alice.sendText(conversationId, "x")).rejects.toMatchObject({ code: "not_signed_in" });
    await expect(alice.listConversations()).rejects.toMatchObject({ code: "not_signed_in" });
  });

  test("[CL54] a device that signed out gets no capsules, and its successor's list revokes it", async () => {
    const server = new FakeServer();
    const { client: alice, recoveryCode } = await person(server, "alice");
    closing(alice);
    const bob = closing((await person(server, "bob")).client);
    const tablet = (await secondDevice(server, "alice", recoveryCode)).client;
    await tablet.logout("device");
    await tablet.close();
    const { conversationId } = await bob.startConversation("alice");
    await bob.sendText(conversationId, "only to the first");
    await shows(alice, conversationId, ["only to the first"]);
    const frame = JSON.parse(server.wire.at(-1) ?? "");
    expect(frame.capsules).toHaveLength(1);
    const third = closing((await secondDevice(server, "alice", recoveryCode)).client);
    expect(await third.accountStatus()).toMatchObject({ deviceId: 3 });
    await bob.sendText(conversationId, "to both");
    await until(async () => (await third.listConversations()).length === 1);
    await until(async () => (await texts(third, conversationId)).at(-1) === "to both");
  });

  test("[CL55] a session that the server ended is shown as ended; data stays readable until it is forgotten", async () => {
    const server = new FakeServer();
    const { client: alice, storage } = await person(server, "alice");
    const bob = closing((await person(server, "bob")).client);
    const { conversationId } = await alice.startConversation("bob");
    await alice.sendText(conversationId, "still here");
    await shows(bob, conversationId, ["still here"]);
    const events: ClientEvent[] = [];
    alice.subscribe((event) => events.push(event));
    await endSession(server, alice, "alice");
    expect(await alice.accountStatus()).toEqual({ state: "ended", username: "alice", reason: "logged_out" });
    await until(async () =>
      events.some((event) => event.type === "account" && event.status.state === "ended"),
    );
    expect(await texts(alice, conversationId)).toEqual(["still here"]);
    await expect(alice.sendText(conversationId, "x")).rejects.toMatchObject({ code: "not_signed_in" });
    await alice.close();
    const again = closing(await Client.open(server.environment(), storage));
    expect(await again.accountStatus()).toMatchObject({ state: "ended" });
    await again.forget();
    expect(await again.accountStatus()).toEqual({ state: "signed_out" });
    await expect(again.listConversations()).rejects.toMatchObject({ code: "not_signed_in" });
  });

  test("[CL59] who logs in again after a session ended is a new device; a wrong code erases nothing", async () => {
    const server = new FakeServer();
    const { client: alice, recoveryCode } = await person(server, "alice");
    closing(alice);
    const bob = closing((await person(server, "bob")).client);
    const { conversationId } = await alice.startConversation("bob");
    await alice.sendText(conversationId, "before");
    await shows(bob, conversationId, ["before"]);
    await endSession(server, alice, "alice");

    const wrong = `${recoveryCode.slice(0, -1)}${recoveryCode.endsWith("0") ? "1" : "0"}`;
    await alice.login({ username: "alice", password: "pw of alice" });
    const refused = alice.completeLogin({ recoveryCode: wrong, deviceName: "again" });
    await expect(refused).rejects.toMatchObject({ code: "wrong_recovery_code" });
    expect(await alice.accountStatus()).toMatchObject({ state: "ended" });
    expect(await texts(alice, conversationId)).toEqual(["before"]);

    await alice.completeLogin({ recoveryCode, deviceName: "again" });
    expect(await alice.accountStatus()).toMatchObject({ state: "signed_in", username: "alice", deviceId: 2 });
    await bob.sendText(conversationId, "after");
    await until(async () => (await alice.listConversations()).length === 1);
    await until(async () => (await texts(alice, conversationId)).at(-1) === "after");
  });

  test("refusals: oneself, nobody, too long, offline", async () => {
    const server = new FakeServer();
    const alice = closing((await person(server, "alice")).client);
    closing((await person(server, "bob")).client);
    await expect(alice.startConversation("alice")).rejects.toMatchObject({ code: "cannot_write_to_self" });
    await expect(alice.startConversation("nobody.here")).rejects.toMatchObject({ code: "user_not_found" });
    await expect(alice.startConversation("!")).rejects.toMatchObject({ code: "user_not_found" });
    const { conversationId } = await alice.startConversation("bob");
    const long = alice.sendText(conversationId, "é".repeat(40_000));
    await expect(long).rejects.toMatchObject({ code: "message_too_long" });
    server.goOffline();
    await expect(alice.startConversation("bob")).rejects.toMatchObject({ code: "offline" });
    await expect(alice.logout("everywhere")).rejects.toMatchObject({ code: "offline" });
    expect(await alice.accountStatus()).toMatchObject({ state: "signed_in" });
    expect(await texts(alice, conversationId)).toEqual([]);
  });
});
