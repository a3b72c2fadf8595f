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
  registerRaw,
} from "../support/raw-account.ts";
import { rawBody, rawMessage } from "../support/raw-frames.ts";
import { buildWorker, startServer, type TestServer } from "../support/server.ts";
import type { Endpoint } from "./load/channel.ts";
import { placeholderId } from "./load/sotto-channel.ts";

export interface Conversation {
  readonly conversationId: string;
  readonly sender: Endpoint;
  readonly listener: Endpoint;
}

export class Ours {
  readonly server: TestServer;
  readonly #accounts: RawAccount[] = [];
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
      listener: this.#endpoint(conversationId, to, from),
    };
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
    return {
      dialect: "sotto",
      url: `${this.server.origin.replace("http", "ws")}/ws/conversations/${conversationId}`,
      protocols: [subprotocol, `${tokenSubprotocolPrefix}${device(from, 0).session.accessToken}`],
      conversationId,
      frame: JSON.stringify(message),
      after: 0,
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
export function bodyOf({ sender }: Conversation): string {
  if (sender.dialect !== "sotto") throw new Error("not a conversation of ours");
  return (JSON.parse(sender.frame) as { body: string }).body;
}
