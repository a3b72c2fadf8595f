/** What the devices of one account know alike, and what nobody else can put into it (CRYPTO 2.5). */
import { afterEach, describe, expect, test } from "vitest";
import { AccountSession } from "#core/account/account-session.ts";
import { Client } from "#core/client.ts";
import type { ClientStorage } from "#core/store/client-storage.ts";
import { MemoryStore } from "#core/store/memory-store.ts";
import { EventHub } from "#core/sync/event-hub.ts";
import { OwnSync } from "#core/sync/own-sync.ts";
import { stageItem } from "#core/sync/own-items.ts";
import { type AccountId, type ConversationId, deviceAddressKey } from "#schema/ids.ts";
import type { DeviceMessage } from "#schema/protocol/inbox.ts";
import { FakeServer } from "#test/support/client/fake-server.ts";
import { hurried, person, secondDevice, shows, testStorage, until } from "#test/support/client/people.ts";

const open: Pick<Client, "close">[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

interface Devices {
  readonly server: FakeServer;
  readonly phone: Client;
  readonly tablet: Client;
  readonly bob: Client;
  readonly bobStorage: ClientStorage;
  readonly phoneStorage: ClientStorage;
  readonly tabletStorage: ClientStorage;
  readonly conversationId: ConversationId;
  readonly another: () => Promise<Client>;
}

/** Alice on two devices, and bob, who has written to her. */
async function devices(tabletStore = new MemoryStore()): Promise<Devices> {
  const server = new FakeServer();
  const {
    client: phone,
    storage: phoneStorage,
    recoveryCode,
  } = await person(server, "alice", {
    environment: hurried,
  });
  const { client: bob, storage: bobStorage } = await person(server, "bob", { environment: hurried });
  const { conversationId } = await bob.startConversation("alice");
  await bob.sendText(conversationId, "hello");
  await shows(phone, conversationId, ["hello"]);
  const another = async (): Promise<Client> => {
    const { client } = await secondDevice(server, "alice", recoveryCode, hurried);
    open.push(client);
    await tellOfDevices(server, phone);
    return client;
  };
  const tabletStorage = testStorage(tabletStore);
  const tablet = await Client.open(server.environment(hurried), tabletStorage);
  await tablet.login({ username: "alice", password: "pw of alice" });
  await tablet.completeLogin({ recoveryCode, deviceName: "tablet" });
  open.push(phone, tablet, bob);
  await tellOfDevices(server, phone);
  await knows(tablet, conversationId);
  return { server, phone, tablet, bob, bobStorage, phoneStorage, tabletStorage, conversationId, another };
}

/** What the real server does when a list is published. */
async function tellOfDevices(server: FakeServer, client: Client): Promise<void> {
  const account = await accountOf(client);
  const version = server.accounts.get(account).lists.length;
  for (const socket of server.sockets) {
    if (socket.account === account) socket.send({ type: "devices:changed", account, version });
  }
}

function knows(client: Client, id: ConversationId): Promise<unknown> {
  return until(async () => {
    const all = await client.listConversations();
    return all.some(({ conversationId }) => conversationId === id);
  });
}

async function draftOf(client: Client, id: ConversationId): Promise<string | undefined> {
  return (await client.listConversations()).find(({ conversationId }) => conversationId === id)?.draft;
}

function hasDraft(client: Client, id: ConversationId, text: string): Promise<unknown> {
  return until(async () => (await draftOf(client, id)) === text, 10_000);
}

async function accountOf(client: Client): Promise<AccountId> {
  const status = await client.accountStatus();
  if (status.state !== "signed_in") throw new Error("not signed in");
  return status.account;
}

describe("own devices", () => {
  test("[CL140] what one device sends and reads is sent and read on the other", async () => {
    const { phone, tablet, bob, conversationId } = await devices();
    await phone.sendText(conversationId, "from the phone");
    await shows(tablet, conversationId, ["[before_this_device]", "from the phone"]);
    await bob.sendText(conversationId, "an answer");
    await shows(phone, conversationId, ["hello", "from the phone", "an answer"]);
    const unread = async (client: Client) => (await client.listConversations())[0]?.unread;
    await until(async () => (await unread(tablet)) === 1 || (await unread(tablet)) === 2);
    await phone.markRead(conversationId, 3);
    await until(async () => (await unread(tablet)) === 0);
    expect((await tablet.listConversations())[0]).toMatchObject({ readSeq: 3, unread: 0 });
  });

  test("[CL141] a draft is there on every device; the later change counts, also when it empties it", async () => {
    const { server, phone, tablet, conversationId } = await devices();
    await phone.saveDraft(conversationId, "begun on the phone");
    await hasDraft(tablet, conversationId, "begun on the phone");
    await tablet.saveDraft(conversationId, "begun on the phone, ended on the tablet");
    await hasDraft(phone, conversationId, "begun on the phone, ended on the tablet");
    await phone.saveDraft(conversationId, "");
    await hasDraft(tablet, conversationId, "");

    // Both write without the network: one of the two counts on both, whoever is heard first.
    server.goOffline();
    for (const client of [phone, tablet]) {
      await until(async () => (await client.connectionStatus()).state === "waiting");
    }
    await tablet.saveDraft(conversationId, "of the tablet");
    await phone.saveDraft(conversationId, "of the phone");
    server.isOnline = true;
    await Promise.all([tablet.reconnectNow(), phone.reconnectNow()]);
    const agreed = await until(async () => {
      const [one, other] = [await draftOf(phone, conversationId), await draftOf(tablet, conversationId)];
      return one === other && one;
    }, 10_000);
    expect(["of the phone", "of the tablet"]).toContain(agreed);
  }, 20_000);

  test("[CL141] a draft that does not fit into a message stays on its device", async () => {
    const { phone, tablet, conversationId } = await devices();
    const long = "x".repeat(4_000);
    await phone.saveDraft(conversationId, long);
    const { conversationId: other } = await phone.startConversation("bob");
    expect(other).toBe(conversationId);
    expect(await draftOf(phone, conversationId)).toBe(long);
    await tablet.saveDraft(conversationId, "short");
    await hasDraft(phone, conversationId, "short");
  });

  test("[CL142] a device that joins is told everything once; the server sees no word of it", async () => {
    const { server, phone, conversationId, another } = await devices();
    const sent: string[] = [];
    server.frameFilter = (frame) => {
      if (frame.type === "device:send") sent.push(JSON.stringify(frame));
      return true;
    };
    await phone.saveDraft(conversationId, "known to all");
    const third = await another();
    await knows(third, conversationId);
    await hasDraft(third, conversationId, "known to all");
    expect(sent.length).toBeGreaterThanOrEqual(2);
    for (const frame of sent) {
      const { data } = JSON.parse(frame) as { data: string };
      expect(Buffer.from(data, "base64url").toString("latin1")).not.toContain("known to all");
    }
  });

  test("[CL143] a device that lost its sessions asks once and is told everything again", async () => {
    const store = new MemoryStore();
    const { server, phone, tablet, tabletStorage, conversationId } = await devices(store);
    await phone.saveDraft(conversationId, "one");
    await hasDraft(tablet, conversationId, "one");
    await tablet.close();
    open.splice(open.indexOf(tablet), 1);
    const sessions = await store.list("peers", {});
    await store.commit(
      sessions.map(({ key, generation }) => {
        return { type: "delete", table: "peers", key, expected: generation } as const;
      }),
    );
    await phone.saveDraft(conversationId, "two");
    await until(async () => {
      const queue = server.queues.get(deviceAddressKey(await accountOf(phone), 2)) ?? [];
      return queue.length > 0;
    });
    const again = await Client.open(server.environment(hurried), tabletStorage);
    open.push(again);
    await hasDraft(again, conversationId, "two");
  });
});

describe("forged messages between own devices", () => {
  test("[ATTACK 48] another account's items are refused, whatever session they come in", async () => {
    const { server, phone, tablet, bob, bobStorage, conversationId } = await devices();
    const [alice, tabletKey] = [await accountOf(phone), deviceAddressKey(await accountOf(phone), 2)];
    await bob.sendText(conversationId, "so that bob has sessions with both");
    await until(async () => (await tablet.listConversations())[0]?.lastSeq === 2);
    await bob.close();
    open.splice(open.indexOf(bob), 1);

    // Bob's own client, with alice's devices in the place of his own.
    const environment = server.environment(hurried);
    const session = await AccountSession.open(environment, bobStorage, new EventHub(environment));
    open.push(session);
    const { engine } = session.signedIn!;
    const directory = Object.assign(Object.create(engine.directory), {
      load: () => engine.directory.load(alice),
    }) as typeof engine.directory;
    const forger = new OwnSync(environment, session.records, engine.self, {
      directory,
      call: engine.call,
    });
    await session.records.transact((transaction) =>
      stageItem(transaction, engine.self, "draft", conversationId, "from a stranger"),
    );
    const arrived: DeviceMessage[] = [];
    server.eventFilter = (event, socket) => {
      const isForTablet = deviceAddressKey(socket.account, socket.deviceId) === tabletKey;
      if (event.type === "device:message" && isForTablet) arrived.push(event as DeviceMessage);
      return event;
    };
    forger.wake();
    await until(async () => arrived.some(({ data }) => Buffer.from(data, "base64url")[1] === 0x50));
    // The queue is taken in order: what comes behind it shows that it is over.
    await phone.saveDraft(conversationId, "from the phone");
    await hasDraft(tablet, conversationId, "from the phone");
    expect(await draftOf(phone, conversationId)).toBe("from the phone");
    forger.stop();
  });

  test("[ATTACK 48] what an own device told changes nothing when it is changed, repeated, or said to come from another", async () => {
    const { server, phone, tablet, bob, conversationId } = await devices();
    const [alice, stranger] = [await accountOf(phone), await accountOf(bob)];
    const tabletKey = deviceAddressKey(alice, 2);
    const told: DeviceMessage[] = [];
    server.eventFilter = (event, socket) => {
      const isForTablet = deviceAddressKey(socket.account, socket.deviceId) === tabletKey;
      if (event.type !== "device:message" || !isForTablet) return event;
      told.push(event as DeviceMessage);
      return event;
    };
    await phone.saveDraft(conversationId, "first");
    await hasDraft(tablet, conversationId, "first");
    const [genuine] = told;
    if (genuine === undefined) throw new Error("nothing was told");
    await tablet.saveDraft(conversationId, "second");
    await hasDraft(phone, conversationId, "second");

    const inbox = [...server.sockets].find(
      ({ account, deviceId, conversation }) =>
        account === alice && deviceId === 2 && conversation === undefined,
    )!;
    const bytes = Buffer.from(genuine.data, "base64url");
    const flipped = [2, 30, bytes.length - 100, bytes.length - 1].map((at) => {
      const copy = Buffer.from(bytes);
      copy[at]! ^= 1;
      return copy.toString("base64url");
    });
    const forgeries: Pick<DeviceMessage, "sender" | "data">[] = [
      genuine,
      ...flipped.map((data) => ({ sender: genuine.sender, data })),
      { sender: { account: stranger, device: 1 }, data: genuine.data },
      { sender: { account: alice, device: 2 }, data: genuine.data },
      { sender: { account: alice, device: 9 }, data: genuine.data },
    ];
    for (const forgery of forgeries) {
      const position = server.nextPosition(tabletKey);
      inbox.send({ type: "device:message", position, ...forgery, serverTimeMs: Date.now() });
    }
    await phone.saveDraft(conversationId, "third");
    await hasDraft(tablet, conversationId, "third");
    expect(await draftOf(phone, conversationId)).toBe("third");
  });
});
