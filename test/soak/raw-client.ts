/**
 * A device without ciphers: frames with real layouts and random contents, and the rules of the real client. It stores
 * before it acknowledges, applies without holes, sends the same bytes until they are acknowledged, and comes back by
 * itself. Cheap enough for hundreds of them beside the server they load.
 */
import { WebSocket } from "ws";
import { parseFrame } from "#core/sync/connection.ts";
import { closeCodes } from "#schema/errors.ts";
import { limits } from "#schema/limits.ts";
import { pingText } from "#schema/protocol/control.ts";
import type { DownEvent } from "#schema/protocol/down.ts";
import type { MessageRecord, MessageRefused } from "#schema/protocol/message.ts";
import { subprotocol, tokenSubprotocolPrefix } from "#schema/protocol/version.ts";
import { type RawAccount, type RawDevice, rawRequest, rawToken } from "../support/raw-account.ts";
import { receivedFrame } from "../support/up-frames.ts";
import type { SoakClient } from "./client.ts";
import type { Entry, Witness } from "./oracle.ts";
import type { Speech } from "./speech.ts";

const retryMs = { least: 100, most: 600 } as const;
/** Receipts are bundled, as the real client does. */
const deliveredWindowMs = 100;

/** What survives the death of the process. */
interface Disk {
  readonly log: Entry[];
  readonly bySeq: Map<number, Entry>;
  readonly written: { readonly clientMessageId: string; seq: number | undefined }[];
  /** Frames without an acknowledgement, word for word. */
  readonly outbox: Map<string, string>;
}

export class RawClient implements SoakClient {
  readonly name: string;
  readonly conversationId: string;
  readonly #origin: string;
  readonly #device: RawDevice;
  readonly #speech: Speech;
  readonly #address: { readonly account: string; readonly device: number };
  readonly #disk: Disk = { log: [], bySeq: new Map(), written: [], outbox: new Map() };
  readonly #contradictions: string[] = [];
  #socket: WebSocket | undefined;
  #isLive = false;
  #isClosed = false;
  /** The server said so. */
  #isOut = false;
  #timers = new Set<NodeJS.Timeout>();
  #delivered: NodeJS.Timeout | undefined;
  /** The entry that brought the account in again: what was between is not for it. */
  #startAt: number | undefined;

  constructor(
    origin: string,
    conversationId: string,
    speech: Speech,
    account: RawAccount,
    device: RawDevice,
  ) {
    this.#origin = origin;
    this.conversationId = conversationId;
    this.#speech = speech;
    this.#device = device;
    this.#address = { account: account.account, device: device.own.cert.deviceId };
    this.name = `${account.username}.${device.own.cert.deviceId}`;
    void this.#connect();
  }

  write(): Promise<void> {
    if (this.#isOut) return Promise.resolve();
    const frame = this.#speech.frame();
    const text = JSON.stringify(frame);
    this.#disk.written.push({ clientMessageId: frame.clientMessageId, seq: undefined });
    this.#disk.outbox.set(frame.clientMessageId, text);
    const isNext = !this.#speech.isOneByOne || this.#disk.outbox.size === 1;
    if (this.#isLive && isNext) this.#socket?.send(receivedFrame(text));
    return Promise.resolve();
  }

  comeBack(): void {
    this.#isOut = false;
    this.#drop();
    void this.#connect();
  }

  disconnect(): void {
    this.#socket?.terminate();
  }

  kill(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#delivered = undefined;
    this.#drop();
    void this.#connect();
    return Promise.resolve();
  }

  isSettled(lastSeq: number): Promise<boolean> {
    return Promise.resolve(this.#disk.outbox.size === 0 && this.#cursor >= lastSeq);
  }

  witness(): Promise<Witness> {
    const { log, written } = this.#disk;
    const witness = { name: this.name, log, written, contradictions: this.#contradictions };
    const stays = this.#speech.stays();
    return Promise.resolve(stays === undefined ? witness : { ...witness, stays });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#drop();
    return Promise.resolve();
  }

  async #connect(): Promise<void> {
    let token: string;
    try {
      token = await this.#token();
    } catch {
      this.#later(retryDelayMs(), () => void this.#connect());
      return;
    }
    if (this.#isClosed || this.#isOut || this.#socket !== undefined) return;
    const url = `${this.#origin.replace("http", "ws")}/ws/conversations/${this.conversationId}`;
    const socket = new WebSocket(url, [subprotocol, tokenSubprotocolPrefix + token]);
    this.#socket = socket;
    const isCurrent = (): boolean => this.#socket === socket;
    socket.on("open", () => isCurrent() && this.#resume());
    socket.on("message", (data: Buffer) => {
      if (!isCurrent()) return;
      for (const event of parseFrame(data.toString())) this.#take(event);
    });
    socket.on("error", () => undefined); // a close follows
    socket.on("close", (code) => {
      if (!isCurrent()) return;
      this.#drop();
      if (code === closeCodes.forbidden) this.#isOut = true;
      this.#later(retryDelayMs(), () => void this.#connect());
    });
  }

  #token(): Promise<string> {
    return rawToken(this.#origin, this.#device);
  }

  get #cursor(): number {
    return this.#disk.log.at(-1)?.seq ?? 0;
  }

  #resume(): void {
    this.#isLive = false;
    const { conversationId } = this;
    this.#send({ type: "conversation:resume", conversationId, after: this.#cursor });
  }

  #take(event: DownEvent): void {
    if (event.type === "message:new") this.#takeMessage(event);
    if (event.type === "message:ack") this.#takeAck(event);
    if (event.type === "message:refused") this.#takeRefusal(event);
    if (event.type === "error") this.#later(event.error.retryAfterMs ?? 500, () => this.#resume());
    if (event.type === "conversation:resumed") this.#resumed(event);
  }

  #resumed({ hotFrom, more }: DownEvent & { type: "conversation:resumed" }): void {
    if (hotFrom !== undefined) return void this.#fill(hotFrom);
    if (more) return this.#resume();
    this.#isLive = true;
    this.#ping();
    this.#sendAll();
  }

  #takeRefusal(refusal: MessageRefused): void {
    const { clientMessageId: id, error } = refusal;
    if (this.#disk.outbox.has(id) && this.#speech.refused(refusal)) {
      this.#disk.outbox.set(id, JSON.stringify(this.#speech.frame(id)));
    }
    this.#later(error.retryAfterMs ?? 500, () => this.#sendAll());
  }

  #takeMessage({ seq, sender, clientMessageId, body }: Omit<MessageRecord, "conversationId">): void {
    if (seq > this.#cursor + 1 && this.#speech.isArrival(body)) this.#startAt = seq;
    this.#apply({ seq, clientMessageId, sender: `${sender.account}.${sender.device}` });
    this.#acknowledged(clientMessageId, seq);
    this.#tellDelivered();
  }

  #takeAck({ clientMessageId, seq }: Pick<MessageRecord, "clientMessageId" | "seq">): void {
    this.#acknowledged(clientMessageId, seq);
    this.#apply({ seq, clientMessageId, sender: `${this.#address.account}.${this.#address.device}` });
  }

  #acknowledged(clientMessageId: string, seq: number): void {
    if (this.#disk.outbox.delete(clientMessageId)) {
      this.#speech.acknowledged(clientMessageId);
      if (this.#speech.isOneByOne) this.#sendAll();
    }
    const own = this.#disk.written.findLast((message) => message.clientMessageId === clientMessageId);
    if (own === undefined) return;
    if (own.seq !== undefined && own.seq !== seq)
      this.#contradictions.push(`${this.name} was told ${own.seq} and ${seq} for one message`);
    own.seq = seq;
  }

  /** What is known already must be the same; what leaves a hole is asked for again. */
  #apply(entry: Entry): void {
    const { log, bySeq } = this.#disk;
    const known = bySeq.get(entry.seq);
    if (known !== undefined) {
      if (known.clientMessageId !== entry.clientMessageId)
        this.#contradictions.push(`${this.name} was given two messages at ${entry.seq}`);
      return;
    }
    if (entry.seq === this.#cursor + 1 || entry.seq === this.#startAt) {
      log.push(entry);
      bySeq.set(entry.seq, entry);
    } else if (this.#isLive) this.#resume();
  }

  /** Pages history up to the window, as a client that was away for long does. */
  async #fill(hotFrom: number): Promise<void> {
    try {
      while (this.#cursor < hotFrom - 1) {
        const path = `/api/conversations/${this.conversationId}/messages?limit=${limits.pageMax}&after=${this.#cursor}`;
        const { body } = await rawRequest(this.#origin, "GET", path, { token: await this.#token() });
        if (!body.success) throw new Error(body.error.code);
        for (const message of (body.data as unknown as { messages: MessageRecord[] }).messages)
          this.#takeMessage(message);
      }
      this.#resume();
    } catch {
      this.disconnect();
    }
  }

  #sendAll(): void {
    if (!this.#isLive) return;
    const waiting = [...this.#disk.outbox.values()];
    for (const text of this.#speech.isOneByOne ? waiting.slice(0, 1) : waiting)
      this.#socket?.send(receivedFrame(text));
  }

  #tellDelivered(): void {
    if (this.#delivered !== undefined) return;
    this.#delivered = this.#later(deliveredWindowMs, () => {
      this.#delivered = undefined;
      const { conversationId } = this;
      if (this.#isLive) this.#send({ type: "message:delivered", conversationId, seq: this.#cursor });
    });
  }

  #ping(): void {
    const socket = this.#socket;
    this.#later(limits.pingIntervalMs, () => {
      if (socket !== this.#socket) return;
      socket?.send(pingText);
      this.#ping();
    });
  }

  #send(frame: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isLive = false;
    socket?.terminate();
  }

  #later(delayMs: number, run: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#isClosed) run();
    }, delayMs);
    this.#timers.add(timer);
    return timer;
  }
}

function retryDelayMs(): number {
  return (
    retryMs.least + (crypto.getRandomValues(new Uint8Array(1))[0]! / 256) * (retryMs.most - retryMs.least)
  );
}
