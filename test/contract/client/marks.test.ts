/** Marks about contacts on all devices of the person who made them (CRYPTO 2.10, decision 141). */
import { afterEach, expect, test } from "vitest";
import type { Client } from "#core/client.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { FakeServer } from "#test/support/client/fake-server.ts";
import { enrolmentOnTop } from "#test/support/client/key-reset.ts";
import { hurried, person, secondDevice, shows, until } from "#test/support/client/people.ts";

const open: Client[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

interface Stage {
  readonly recoveryCode: string;
  readonly server: FakeServer;
  readonly phone: Client;
  readonly bob: Client;
  readonly bobId: AccountId;
  readonly conversationId: ConversationId;
  /** One more device of alice that knows the conversation. */
  readonly another: () => Promise<Client>;
}

async function stage(): Promise<Stage> {
  const server = new FakeServer();
  const { client: phone, recoveryCode } = await person(server, "alice", { environment: hurried });
  const { client: bob } = await person(server, "bob", { environment: hurried });
  open.push(phone, bob);
  const { conversationId } = await phone.startConversation("bob");
  await phone.sendText(conversationId, "hello");
  await shows(bob, conversationId, ["hello"]);
  const another = async (): Promise<Client> => {
    const { client } = await secondDevice(server, "alice", recoveryCode, hurried);
    open.push(client);
    tell(server, server.accounts.byName("alice")!.account);
    await until(async () => (await client.listConversations()).length > 0);
    return client;
  };
  return {
    recoveryCode,
    server,
    phone,
    bob,
    bobId: server.accounts.byName("bob")!.account,
    conversationId,
    another,
  };
}

function tell(server: FakeServer, account: AccountId): void {
  const { length: version } = server.accounts.get(account).lists;
  for (const socket of server.sockets) {
    if (socket.conversation === undefined) socket.send({ type: "devices:changed", account, version });
  }
}

async function verify(client: Client, account: AccountId): Promise<void> {
  await client.markVerified(account, (await client.safetyNumber(account)).key);
}

async function trustIn(client: Client): Promise<object> {
  const [view] = await client.listConversations();
  if (view?.kind !== "direct") throw new Error("no direct conversation");
  return view.peerTrust;
}

function comes(client: Client, expected: object): Promise<unknown> {
  return until(async () => {
    const trust = await trustIn(client);
    return Object.entries(expected).every(([key, value]) => Reflect.get(trust, key) === value);
  }, 10_000);
}

/** Bob has another account key from now on, as the server says. */
function resetBob({ server, bobId }: Stage): void {
  const bob = server.accounts.get(bobId);
  const state = { account: bobId, username: "bob", newest: bob.lists.at(-1)! };
  server.accounts.enrol(bob, enrolmentOnTop(state, 2), "after the reset");
}

test("[VF11] a mark made on one device is there on the others, later ones included, and so is its end", async () => {
  const { phone, bobId, another } = await stage();
  const tablet = await another();
  await tablet.safetyNumber(bobId);
  await verify(phone, bobId);
  await comes(tablet, { verified: true });
  const third = await another();
  await third.safetyNumber(bobId);
  await comes(third, { verified: true, held: false });
  await tablet.clearVerified(bobId);
  for (const client of [phone, third]) await comes(client, { verified: false, held: false });
});

test("[VF11] a new key that was compared on one device ends the wait on the others", async () => {
  const on = await stage();
  const { phone, server, bobId, conversationId, another } = on;
  const tablet = await another();
  await tablet.safetyNumber(bobId);
  await verify(phone, bobId);
  await comes(tablet, { verified: true });
  resetBob(on);
  tell(server, bobId);
  for (const client of [phone, tablet]) await comes(client, { verified: false, held: true });
  const before = server.wire.length;
  await tablet.sendText(conversationId, "waits");
  expect(server.wire.length).toBe(before);
  await verify(phone, bobId);
  await comes(tablet, { verified: true, held: false });
  await until(async () => server.wire.length > before);
});

test("[VF12] a device that is given another key than the compared one at its first look holds messages", async () => {
  const on = await stage();
  const { phone, bobId, another } = on;
  const tablet = await another();
  await verify(phone, bobId);
  resetBob(on);
  await tablet.safetyNumber(bobId);
  await comes(tablet, { verified: false, held: true });
  // And who looks only after word has come.
  const third = await another();
  await until(async () => {
    await third.safetyNumber(bobId);
    return Reflect.get(await trustIn(third), "held") as boolean;
  }, 10_000);
  await tablet.confirmIdentity(bobId);
  await comes(tablet, { held: false });
});

test("[VF13] who lost every device has the marks again after a log-in by recovery code, and what ended stays ended", async () => {
  const { phone, server, recoveryCode, bobId } = await stage();
  await verify(phone, bobId);
  await phone.saveBackup();
  await phone.logout("device");
  const { client: second } = await secondDevice(server, "alice", recoveryCode, hurried);
  open.push(second);
  await until(async () => (await second.listConversations()).length > 0);
  await comes(second, { verified: true, held: false, contradicted: false });
  await second.clearVerified(bobId);
  await second.saveBackup();
  await second.logout("device");
  const { client: third } = await secondDevice(server, "alice", recoveryCode, hurried);
  open.push(third);
  await until(async () => (await third.listConversations()).length > 0);
  await until(async () => {
    const status = await third.backupStatus();
    return status.state === "on" && status.restoring === undefined && status.savedMessages > 0;
  });
  await third.safetyNumber(bobId);
  expect(await trustIn(third)).toMatchObject({ verified: false, held: false, contradicted: false });
});

test("[VF13] another key than the compared one, shown at the log-in by recovery code, holds messages", async () => {
  const on = await stage();
  const { phone, server, recoveryCode, bobId, conversationId } = on;
  await verify(phone, bobId);
  await phone.saveBackup();
  await phone.logout("device");
  resetBob(on);
  const { client: second } = await secondDevice(server, "alice", recoveryCode, hurried);
  open.push(second);
  await until(async () => (await second.listConversations()).length > 0);
  await until(async () => {
    await second.safetyNumber(bobId);
    return Reflect.get(await trustIn(second), "held") as boolean;
  }, 10_000);
  const before = server.wire.length;
  await second.sendText(conversationId, "waits");
  expect([Reflect.get(await trustIn(second), "verified"), server.wire.length]).toEqual([false, before]);
});
