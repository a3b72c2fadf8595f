/**
 * The product under test: the built Worker on workerd without the development proxy, people with two devices each,
 * direct conversations between them. Every message carries three capsules.
 */
import { subprotocol, tokenSubprotocolPrefix } from "#schema/protocol/version.ts";
import {
  addRawDevice,
  createRawConversation,
  type RawAccount,
  type RawDevice,
  rawRequest,
  registerRaw,
} from "../support/raw-account.ts";
import { openRawConversation } from "../support/raw-socket.ts";
import { createOperation, groupIdOf, groupMessage, keyEntry, newKeyId } from "../support/raw-group.ts";
import { rawBody, rawMessage } from "../support/raw-frames.ts";
import { buildWorker, startServer, type TestServer } from "../support/server.ts";
import type { Endpoint } from "./load/channel.ts";
import type { Talk } from "./load/job.ts";
import { placeholderId } from "./load/sotto-channel.ts";

export interface Conversation extends Talk {
  readonly conversationId: string;
}

/** Asks for nothing that was missed: what a load wrote before is not what it measures. */
const fromNowOn = Number.MAX_SAFE_INTEGER;
/** Registrations under way at once. */
const registeredAtOnce = 4;
/** Devices that one key entry hands the sender key to. */
const devicesPerEntry = 64;

export class Ours {
  readonly server: TestServer;
  readonly #accounts: RawAccount[] = [];
  /** People with one device, for groups. */
  readonly #singles: RawAccount[] = [];
  /** Pairs of people who do not have a conversation yet. */
  readonly #pairs: (readonly [RawAccount, RawAccount])[] = [];

  private constructor(server: TestServer) {
    this.server = server;
  }

  static async start(options: { readonly inspectorPort?: number } = {}): Promise<Ours> {
    buildWorker();
    return new Ours(await startServer({ ...options, messagesPerSecond: 1_000_000 }));
  }

  /** A conversation that nobody has written in. */
  async converse(): Promise<Conversation> {
    if (this.#pairs.length === 0) await this.#addPerson();
    if (this.#pairs.length === 0) await this.#addPerson();
    const [from, to] = this.#pairs.shift() ?? [];
    if (from === undefined || to === undefined) throw new Error("no people");
    const conversationId = await createRawConversation(this.server.origin, device(from, 0), to);
    return {
      conversationId,
      sender: this.#endpoint(conversationId, from, to),
      listeners: [this.#endpoint(conversationId, to, from)],
    };
  }

  /**
   * A group of so many people with a device each, where the first one's sender key is everywhere: its messages carry no
   * capsules. All the others listen.
   */
  async group(members: number): Promise<Conversation> {
    const { origin } = this.server;
    while (this.#singles.length < members) {
      const first = this.#singles.length;
      const names = Array.from({ length: Math.min(registeredAtOnce, members - first) }, (_, i) => first + i);
      const people = await Promise.all(names.map((n) => registerRaw(origin, `bench.single${n}`)));
      this.#singles.push(...people);
    }
    const people = this.#singles.slice(0, members);
    const [owner, ...others] = people;
    if (owner === undefined) throw new Error("a group of nobody");
    const from = device(owner, 0);
    const { accessToken } = from.session;
    const actor = { account: owner.account, device: 1, signingKey: from.own.keys.dsk.secret };
    const roles = Object.fromEntries(
      people.map(({ account }) => [account, account === owner.account ? "owner" : "member"] as const),
    );
    const { operation, head } = createOperation(actor, roles);
    const answer = await rawRequest(origin, "POST", "/api/conversations/groups", {
      token: accessToken,
      json: { operation },
    });
    if (!answer.body.success) throw new Error(`no group: ${answer.body.error.code}`);
    const groupId = groupIdOf(head);
    const keyId = newKeyId();
    const socket = await openRawConversation(origin, groupId, accessToken);
    for (let start = 0; start < others.length; start += devicesPerEntry) {
      const to = others.slice(start, start + devicesPerEntry).map(({ account }) => ({ account, device: 1 }));
      const lists = to.map(({ account }) => ({ account, version: 1 }));
      socket.send(keyEntry({ groupId, keyId, to, lists }));
      for (let event = await socket.next(); event.type !== "message:ack"; event = await socket.next()) {
        if (event.type === "message:refused") throw new Error(JSON.stringify(event));
      }
    }
    socket.close(1000);
    const frame = { ...groupMessage({ groupId, epoch: 1, keyId }), clientMessageId: placeholderId };
    const endpointOf = (person: RawAccount): Endpoint =>
      this.#connection(groupId, person, JSON.stringify(frame), members);
    return { conversationId: groupId, sender: endpointOf(owner), listeners: others.map(endpointOf) };
  }

  /** Someone who takes part in no conversation. */
  newcomer(): Promise<RawAccount> {
    return registerRaw(this.server.origin, "bench.newcomer");
  }

  /** Stops the server for work on its files. */
  async whileDown(work: (state: string) => void): Promise<void> {
    await this.server.kill();
    work(this.server.state);
    await this.server.restart();
  }

  #endpoint(conversationId: string, from: RawAccount, to: RawAccount): Endpoint {
    const capsules = [
      { account: from.account, device: 2 },
      { account: to.account, device: 1 },
      { account: to.account, device: 2 },
    ];
    const lists = [from, to].map(({ account }) => ({ account, version: 2 }));
    const message = {
      ...rawMessage(conversationId, capsules, lists),
      clientMessageId: placeholderId,
      body: rawBody(conversationId, placeholderId),
    };
    return this.#connection(conversationId, from, JSON.stringify(message), 2);
  }

  #connection(conversationId: string, person: RawAccount, frame: string, members: number): Endpoint {
    return {
      dialect: "sotto",
      url: `${this.server.origin.replace("http", "ws")}/ws/conversations/${conversationId}`,
      protocols: [subprotocol, `${tokenSubprotocolPrefix}${device(person, 0).session.accessToken}`],
      conversationId,
      frame,
      after: fromNowOn,
      members,
    };
  }

  async #addPerson(): Promise<RawAccount> {
    const person = await registerRaw(this.server.origin, `bench.person${this.#accounts.length}`);
    await addRawDevice(this.server.origin, person);
    for (const other of this.#accounts) this.#pairs.push([other, person]);
    this.#accounts.push(person);
    return person;
  }
}

function device(account: RawAccount, index: number): RawDevice {
  const found = account.devices[index];
  if (found === undefined) throw new Error("no such device");
  return found;
}

/** The body that the messages of a conversation carry. */
export function bodyOf({ sender }: Talk): string {
  if (sender.dialect !== "sotto") throw new Error("not a conversation of ours");
  return (JSON.parse(sender.frame) as { body: string }).body;
}
