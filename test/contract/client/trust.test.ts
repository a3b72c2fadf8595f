/** Whom one is talking to: numbers compared, keys that change, lists that a server hides (CRYPTO 2.10, 2.15). */
import { afterEach, describe, expect, test } from "vitest";
import type { Client } from "#core/client.ts";
import { createGenesisList } from "#core/crypto/device-list.ts";
import { createAccountKey } from "#core/crypto/device-identity.ts";
import { createOwnDevice } from "#core/account/enrolment.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { FakeServer, quickProvider } from "#test/support/client/fake-server.ts";
import { enrolmentOnTop } from "#test/support/client/key-reset.ts";
import { messages, person, secondDevice, shows, until } from "#test/support/client/people.ts";

const open: Client[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

interface Pair {
  readonly server: FakeServer;
  readonly alice: Client;
  readonly bob: Client;
  readonly bobsCode: string;
  readonly conversationId: ConversationId;
  readonly aliceId: AccountId;
  readonly bobId: AccountId;
}

async function pair(): Promise<Pair> {
  const server = new FakeServer();
  const alice = (await person(server, "alice")).client;
  const { client: bob, recoveryCode } = await person(server, "bob");
  open.push(alice, bob);
  const { conversationId } = await alice.startConversation("bob");
  await alice.sendText(conversationId, "first");
  await shows(bob, conversationId, ["first"]);
  const idOf = (name: string): AccountId => server.accounts.byName(name)!.account;
  const ids = { aliceId: idOf("alice"), bobId: idOf("bob") };
  return { server, alice, bob, bobsCode: recoveryCode, conversationId, ...ids };
}

async function verify(client: Client, account: AccountId): Promise<void> {
  await client.markVerified(account, (await client.safetyNumber(account)).key);
}

function trustOf(client: Client, conversationId: ConversationId) {
  return async () => {
    const all = await client.listConversations();
    const view = all.find((one) => one.conversationId === conversationId);
    if (view?.kind !== "direct") throw new Error("no such direct conversation");
    return view.peerTrust;
  };
}

/** Bob lost his vault: another account key, another device, and the server says so. */
function resetBob({ server, bobId }: Pair): void {
  const bob = server.accounts.get(bobId);
  const state = { account: bobId, username: "bob", newest: bob.lists.at(-1)! };
  server.accounts.enrol(bob, enrolmentOnTop(state, 2), "after the reset");
  tell(server, bobId);
}

function tell(server: FakeServer, account: AccountId, only?: AccountId): void {
  const { length: version } = server.accounts.get(account).lists;
  for (const socket of server.sockets) {
    if (only !== undefined && socket.account !== only) continue;
    if (socket.conversation === undefined) socket.send({ type: "devices:changed", account, version });
  }
}

const sentToDevices = (server: FakeServer): number[] =>
  server.wire.flatMap((frame) => JSON.parse(frame).capsules.map(({ device }: { device: number }) => device));

describe("safety numbers", () => {
  test("[VF1] both see the same twelve groups, and each other's code, digits in any grouping included, is the same", async () => {
    const { alice, bob, aliceId, bobId } = await pair();
    const [ours, theirs] = [await alice.safetyNumber(bobId), await bob.safetyNumber(aliceId)];
    expect(ours.groups).toEqual(theirs.groups);
    expect(ours.groups).toHaveLength(12);
    expect(ours.code).toMatch(/^sotto:\/\/verify#[\w-]+$/);
    const compare = (text: string) => alice.compareSafetyNumber(bobId, text);
    expect(await compare(` ${theirs.code}\n`)).toBe("same");
    expect(await compare(theirs.groups.join(" "))).toBe("same");
    expect(await compare(theirs.groups.join("-").replaceAll("-", "\n"))).toBe("same");
    expect(await compare(ours.code)).toBe("different");
    expect(await compare(theirs.groups.toReversed().join(" "))).toBe("different");
    for (const text of [
      "",
      "sotto://verify#",
      "sotto://link#AAAA",
      "12345",
      "sotto://verify#=",
      theirs.code.slice(0, -4),
    ])
      expect([text, await compare(text)]).toEqual([text, "not_a_number"]);
    const raw = decodeBase64url(theirs.code.split("#")[1]!);
    raw[1] = 2;
    expect(await compare(`sotto://verify#${encodeBase64url(raw)}`)).toBe("other_version");
  });

  test("[VF2] verified is kept for the key that was shown, and can be cleared", async () => {
    const { alice, conversationId, bobId } = await pair();
    const trust = trustOf(alice, conversationId);
    expect(await trust()).toEqual({ verified: false, held: false, keyChangesMs: [], contradicted: false });
    const another = encodeBase64url(new Uint8Array(32).fill(7));
    await expect(alice.markVerified(bobId, another)).rejects.toMatchObject({ code: "identity_changed" });
    expect((await trust()).verified).toBe(false);
    await verify(alice, bobId);
    expect((await trust()).verified).toBe(true);
    await alice.clearVerified(bobId);
    expect((await trust()).verified).toBe(false);
  });

  test("[VF3] a further device under the same account key changes neither number nor mark", async () => {
    const { server, alice, bobsCode, conversationId, bobId } = await pair();
    await verify(alice, bobId);
    const before = await alice.safetyNumber(bobId);
    open.push((await secondDevice(server, "bob", bobsCode)).client);
    tell(server, bobId);
    await alice.sendText(conversationId, "to both devices");
    await until(async () => sentToDevices(server).includes(2));
    expect(await alice.safetyNumber(bobId)).toEqual(before);
    expect(await trustOf(alice, conversationId)()).toMatchObject({ verified: true, keyChangesMs: [] });
  });
});

describe("key changes", () => {
  test("[VF4] [ATTACK 17] for a contact who was never compared a changed key is one line, and messages go", async () => {
    const both = await pair();
    const { server, alice, conversationId, bobId } = both;
    const before = (await alice.safetyNumber(bobId)).groups;
    resetBob(both);
    const trust = trustOf(alice, conversationId);
    await until(async () => (await trust()).keyChangesMs.length === 1);
    expect(await trust()).toMatchObject({ verified: false, held: false, contradicted: false });
    expect((await alice.safetyNumber(bobId)).groups).not.toEqual(before);
    await alice.sendText(conversationId, "to the new key");
    await until(async () => (await messages(alice, conversationId)).at(-1)?.delivery === "sent");
    expect(sentToDevices(server).at(-1)).toBe(2);
  });

  test("[CL31] [VF5] [ATTACK 17] for a verified contact nothing is sent to a changed key until the person confirms it", async () => {
    const both = await pair();
    const { server, alice, conversationId, bobId } = both;
    await verify(alice, bobId);
    resetBob(both);
    const trust = trustOf(alice, conversationId);
    await until(async () => (await trust()).held);
    expect(await trust()).toMatchObject({ verified: false, held: true });
    const onWire = server.wire.length;
    await alice.sendText(conversationId, "to whom");
    await alice.sendText(conversationId, "I wonder");
    await until(async () => server.accounts.get(bobId).devices.size === 2);
    await alice.reconnectNow();
    const waiting = (await messages(alice, conversationId)).slice(-2);
    expect(waiting.map(({ delivery }) => delivery)).toEqual(["pending", "pending"]);
    expect(server.wire.length).toBe(onWire);
    await alice.confirmIdentity(bobId);
    await until(async () => (await messages(alice, conversationId)).at(-1)?.delivery === "sent");
    expect(sentToDevices(server).slice(-2)).toEqual([2, 2]);
    expect(await trust()).toMatchObject({ verified: false, held: false });
  });

  test("[VF5] comparing the new number ends the wait as well", async () => {
    const both = await pair();
    const { alice, conversationId, bobId } = both;
    await verify(alice, bobId);
    resetBob(both);
    await until(async () => (await trustOf(alice, conversationId)()).held);
    await alice.sendText(conversationId, "compared");
    await verify(alice, bobId);
    await until(async () => (await messages(alice, conversationId)).at(-1)?.delivery === "sent");
    expect(await trustOf(alice, conversationId)()).toMatchObject({ verified: true, held: false });
  });
});

describe("lists that the server hides or contradicts", () => {
  test("[CL146] [ATTACK 45] a device vouches for a list that the server denies: the chat says so, until the list is there", async () => {
    const { server, alice, bob: first, bobsCode, conversationId, bobId } = await pair();
    const bob = server.accounts.get(bobId);
    open.push((await secondDevice(server, "bob", bobsCode)).client);
    server.eventFilter = (event) =>
      event.type === "message:new" || event.type === "conversation:update" ? undefined : event;
    tell(server, bobId, bobId);
    while (!sentToDevices(server).includes(2)) {
      const before = server.wire.length;
      await first.sendText(conversationId, "I have a new phone");
      await until(async () => server.wire.length > before);
    }
    const [hidden, certificate] = [bob.lists.pop()!, bob.certificates.pop()!];
    server.eventFilter = (event) => event;
    const withheld = async () =>
      (await alice.listConversations()).flatMap(({ devicesWithheld }) => devicesWithheld);
    server.goOffline();
    await until(async () => (await alice.connectionStatus()).state === "waiting");
    server.isOnline = true;
    await alice.reconnectNow();
    await until(async () => (await withheld()).length === 1);
    bob.lists.push(hidden);
    bob.certificates.push(certificate);
    tell(server, bobId);
    await until(async () => (await withheld()).length === 0);
  });

  test("[VF7] [ATTACK 43] a server that rolls a list back or forks it is warned of, and the pinned list stays", async () => {
    const { server, alice, conversationId, bobId } = await pair();
    const bob = server.accounts.get(bobId);
    const aik = createAccountKey(quickProvider);
    const own = createOwnDevice(quickProvider, aik, bobId, 1, Date.now());
    const accountId = decodeBase64url(bobId);
    const fork = createGenesisList(quickProvider, aik, {
      accountId,
      issuedAtMs: Date.now(),
      certs: [own.cert],
    });
    const [right, number] = [bob.lists[0]!, await alice.safetyNumber(bobId)];
    const trust = trustOf(alice, conversationId);
    bob.lists[0] = encodeBase64url(fork.bytes);
    tell(server, bobId);
    await until(async () => (await trust()).contradicted);
    expect((await alice.safetyNumber(bobId)).groups).toEqual(number.groups);
    expect((await trust()).keyChangesMs).toEqual([]);
    bob.lists[0] = right;
    tell(server, bobId);
    await until(async () => !(await trust()).contradicted);
  });
});
