/** Writers that keep messages in flight, and what their sockets saw of them. */
import { parseFrame } from "#core/sync/connection.ts";
import { Pump } from "#core/sync/lane.ts";
import type { ClientMessageId, ConversationId } from "#schema/ids.ts";
import type { MessageAck } from "#schema/protocol/message.ts";
import type { LivePerson } from "./people.ts";

export interface Acknowledged {
  readonly clientMessageId: ClientMessageId;
  readonly seq: number;
  readonly serverTimeMs: number;
  readonly seenAtMs: number;
}

interface UpEvent {
  readonly type: string;
  readonly conversationId?: string;
  readonly clientMessageId?: string;
}

/** One person writing in one conversation, always with `ahead` messages on their way. */
export class Writer {
  readonly person: LivePerson;
  readonly conversationId: ConversationId;
  /** In order of writing. */
  readonly written: { readonly id: ClientMessageId; readonly text: string }[] = [];
  /** First word that a message is durable, as the sockets saw it: an acknowledgement, or the message itself. */
  readonly acknowledged = new Map<ClientMessageId, Acknowledged>();
  /** Acknowledgements that contradict an earlier one. */
  readonly contradictions: Acknowledged[] = [];
  /** How often each message went up. */
  readonly sent = new Map<string, number>();
  readonly #ahead: number;
  #isRunning = false;
  readonly #pump = new Pump(() => this.#fill());

  constructor(person: LivePerson, conversationId: ConversationId, ahead: number) {
    this.person = person;
    this.conversationId = conversationId;
    this.#ahead = ahead;
  }

  /** Handed to a socket and not acknowledged. */
  get inFlight(): number {
    return [...this.sent.keys()].filter((id) => !this.acknowledged.has(id as ClientMessageId)).length;
  }

  get unacknowledged(): number {
    return this.written.length - this.acknowledged.size;
  }

  start(): void {
    this.#isRunning = true;
    void this.#pump.request();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#pump.request();
  }

  /** Every frame of the person's network, in either direction. */
  saw(place: string, text: string): void {
    if (place === "up") {
      const frame = JSON.parse(text) as UpEvent & { readonly events?: readonly UpEvent[] };
      for (const event of frame.events ?? [frame]) {
        if (event.type !== "message:send" || event.conversationId !== this.conversationId) continue;
        const id = String(event.clientMessageId);
        this.sent.set(id, (this.sent.get(id) ?? 0) + 1);
      }
      return;
    }
    for (const event of parseFrame(text)) {
      if (event.type === "message:ack" || event.type === "message:new") this.#isDurable(event);
      if (event.type === "conversation:update")
        event.messages?.forEach((message) => this.#isDurable(message));
    }
    void this.#pump.request();
  }

  #isDurable({
    conversationId,
    clientMessageId,
    seq,
    serverTimeMs,
  }: Pick<MessageAck, "conversationId" | "clientMessageId" | "seq" | "serverTimeMs">): void {
    if (conversationId !== this.conversationId || !this.sent.has(clientMessageId)) return;
    const before = this.acknowledged.get(clientMessageId);
    const ack = { clientMessageId, seq, serverTimeMs, seenAtMs: Date.now() };
    if (before === undefined) this.acknowledged.set(clientMessageId, ack);
    else if (before.seq !== seq || before.serverTimeMs !== serverTimeMs) this.contradictions.push(ack);
  }

  async #fill(): Promise<void> {
    while (this.#isRunning && this.unacknowledged < this.#ahead) {
      const text = `${this.person.username} ${this.written.length}: ${"x".repeat(this.written.length % 300)}`;
      const id = await this.person.client.sendText(this.conversationId, text);
      this.written.push({ id, text });
    }
  }
}

/** Lets every writer hear of its person's frames. */
export function listenToFrames(writers: readonly Writer[]): void {
  for (const { network } of new Set(writers.map(({ person }) => person))) {
    const own = writers.filter(({ person }) => person.network === network);
    network.onFrame = ({ place, text }) => {
      for (const writer of own) writer.saw(place, text);
    };
  }
}
