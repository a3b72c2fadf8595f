/** The product's own client with its ciphers, over a memory store that outlives the deaths of its process. */
import { Client } from "#core/client.ts";
import type { ClientStorage } from "#core/store/client-storage.ts";
import type { ClientMessageId, ConversationId } from "#schema/ids.ts";
import { Mortal } from "../support/client/mortal.ts";
import { allMessages, type LivePerson, quickPasswordProvider, textOf } from "../support/people.ts";
import { RecordedNetwork } from "../support/recorded-network.ts";
import type { SoakClient } from "./client.ts";
import type { Witness } from "./oracle.ts";

const never = Number.MAX_SAFE_INTEGER;

interface Process {
  readonly client: Client;
  readonly network: RecordedNetwork;
  readonly mortal: Mortal;
}

export class RealClient implements SoakClient {
  readonly name: string;
  readonly conversationId: ConversationId;
  readonly #origin: string;
  readonly #storage: ClientStorage;
  /** In order of writing. */
  readonly #written: { readonly id: ClientMessageId; readonly text: string }[] = [];
  readonly #refused: string[] = [];
  #process: Promise<Process>;
  #writes = 0;

  /** Takes over the storage of `person`, whose own client is closed. */
  private constructor(origin: string, name: string, conversationId: ConversationId, storage: ClientStorage) {
    this.#origin = origin;
    this.name = name;
    this.conversationId = conversationId;
    this.#storage = storage;
    this.#process = this.#start();
  }

  static async takeOver(
    origin: string,
    person: LivePerson,
    name: string,
    conversationId: ConversationId,
  ): Promise<RealClient> {
    await person.client.close();
    const client = new RealClient(origin, name, conversationId, person.storage);
    await client.#process;
    return client;
  }

  async write(): Promise<void> {
    const process = await this.#process;
    this.#writes += 1;
    const text = `${this.name} ${this.#writes}: ${"x".repeat(this.#writes % 300)}`;
    // Whoever dies before the promise is kept has promised nothing.
    void process.client.sendText(this.conversationId, text).then(
      (id) => this.#written.push({ id, text }),
      (error: unknown) => this.#refused.push(`${this.name} could not write: ${String(error)}`),
    );
  }

  disconnect(): void {
    void this.#replug();
  }

  async kill(): Promise<void> {
    const { mortal, network } = await this.#process;
    mortal.die();
    network.unplug();
    this.#process = this.#start();
    await this.#process;
  }

  async isSettled(lastSeq: number): Promise<boolean> {
    const { client, network } = await this.#process;
    const own = (await client.listConversations()).find(
      ({ conversationId }) => conversationId === this.conversationId,
    );
    if ((await client.connectionStatus()).state === "waiting") network.announceOnline();
    if (own === undefined || own.lastSeq < lastSeq) return false;
    const newest = await client.listMessages(this.conversationId, { limit: 100 });
    return (
      newest.messages.every(({ seq }) => seq !== undefined) && (newest.messages.at(-1)?.seq ?? 0) >= lastSeq
    );
  }

  /** Messages that cannot be read, and own ones whose text is another, count as contradictions. */
  async witness(): Promise<Witness> {
    const { client } = await this.#process;
    const messages = await allMessages(client, this.conversationId);
    const unreadable = messages.filter(({ content }) => content.type !== "text");
    const texts = new Map(messages.map((message) => [message.clientMessageId, textOf(message)]));
    const changed = this.#written.filter(({ id, text }) => texts.has(id) && texts.get(id) !== text);
    const places = new Map(messages.map(({ clientMessageId, seq }) => [clientMessageId, seq]));
    return {
      name: this.name,
      log: messages.map(({ seq = 0, clientMessageId, sender }) => ({ seq, clientMessageId, sender })),
      written: this.#written.map(({ id }) => ({ clientMessageId: id, seq: places.get(id) })),
      contradictions: [
        ...this.#refused,
        ...(unreadable.length === 0 ? [] : [`${this.name} cannot read ${unreadable.length} messages`]),
        ...(changed.length === 0 ? [] : [`${this.name} shows ${changed.length} own texts changed`]),
      ],
    };
  }

  async close(): Promise<void> {
    const { client, mortal, network } = await this.#process;
    await client.close();
    mortal.die();
    network.unplug();
  }

  async #replug(): Promise<void> {
    const { network } = await this.#process;
    network.unplug();
    network.plugIn();
  }

  async #start(): Promise<Process> {
    const network = new RecordedNetwork(this.#origin, quickPasswordProvider);
    const mortal = new Mortal(never);
    const environment = { ...network.environment, ...mortal.environment(network.environment) };
    const client = await Client.open(environment, {
      ...this.#storage,
      store: mortal.store(this.#storage.store),
    });
    return { client, network, mortal };
  }
}
