/** The product's own protocol: resume, send, acknowledge, and the delivered watermarks that a real client sends. */
import { packFrames } from "#schema/protocol/pack-frames.ts";
import { count, type Endpoint, SocketChannel } from "./channel.ts";

/** Ten digits of the message's number, then characters that differ from channel to channel. */
export const placeholderId = "0000000000AAAAAAAAAAAA";
const digits = 10;
const patchedChars = 21;
/** Where the client message id begins in a body, in bytes, by the body's type. */
const idInBody = new Map([
  [0x20, 18],
  [0x30, 35],
]);
/** Bytes of a body that are written anew for a message: the id, and what shares its characters. */
const patchedBytes = 18;
/** A client reports what it has stored this often at most. */
const deliveredWindowMs = 30;

const newEvent = Buffer.from('"message:new"');
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export class SottoChannel extends SocketChannel {
  readonly #conversationId: string;
  readonly #frame: Buffer;
  readonly #idAt: number;
  readonly #patch: Buffer;
  readonly #idInPatch: number;
  readonly #patchAt: number;
  readonly #after: number;
  #onResumed: (() => void) | undefined;
  #deliveredTimer: NodeJS.Timeout | undefined;
  #lastSeq = 0;
  readonly #waiting: string[] = [];

  constructor(endpoint: Extract<Endpoint, { dialect: "sotto" }>) {
    super(endpoint.url, endpoint.protocols);
    this.#conversationId = endpoint.conversationId;
    this.#after = endpoint.after;
    this.#frame = Buffer.from(endpoint.frame, "latin1");
    this.#idAt = this.#frame.indexOf(placeholderId);
    const bodyAt = this.#frame.indexOf('"body":"') + 8;
    const body = Buffer.from(this.#frame.toString("latin1", bodyAt, bodyAt + 100), "base64url");
    const idAt = idInBody.get(body[1] ?? 0);
    if (idAt === undefined) throw new Error("unknown body");
    this.#idInPatch = idAt % 3;
    const patchStart = idAt - this.#idInPatch;
    this.#patch = body.subarray(patchStart, patchStart + patchedBytes);
    this.#patchAt = bodyAt + (patchStart / 3) * 4;
    const random = crypto.getRandomValues(new Uint8Array(patchedChars - digits));
    const own = [...random].map((byte) => alphabet[byte % alphabet.length]).join("");
    this.#frame.write(own, this.#idAt + digits, "latin1");
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.onFailure = reject;
      this.#onResumed = resolve;
      this.socket.on("open", () => this.#resume(this.#after));
    });
  }

  send(index: number): void {
    const number = String(index).padStart(digits, "0");
    this.#frame.write(number, this.#idAt, "latin1");
    const id = this.#frame.toString("latin1", this.#idAt, this.#idAt + placeholderId.length);
    this.#patch.write(id, this.#idInPatch, "base64url");
    this.#frame.write(this.#patch.toString("base64url"), this.#patchAt, "latin1");
    this.#waiting.push(this.#frame.toString("latin1"));
    // As the product's client does: what is sent in one turn leaves in as few frames as fit.
    if (this.#waiting.length === 1) queueMicrotask(() => this.#sendWaiting());
  }

  #sendWaiting(): void {
    for (const frame of packFrames(this.#waiting)) this.socket.send(frame);
    this.#waiting.length = 0;
  }

  override close(): void {
    clearTimeout(this.#deliveredTimer);
    super.close();
  }

  protected receive(data: Buffer): void {
    const messages = count(data, newEvent);
    if (this.#onResumed !== undefined) this.#missed(data, messages);
    if (messages > 0) this.#delivered(data, messages);
    const text = data.toString("latin1");
    if (text.includes('"message:refused"') || text.includes('"type":"error"')) {
      this.onFailure(new Error(text.slice(0, 500)));
    }
    for (let at = text.indexOf('"message:ack"'); at !== -1; at = text.indexOf('"message:ack"', at)) {
      at = text.indexOf('"clientMessageId":"', at) + 19;
      this.onAck(Number(text.slice(at, at + digits)));
    }
  }

  #resume(after: number): void {
    this.requests += 1;
    const { conversationId } = { conversationId: this.#conversationId };
    this.socket.send(JSON.stringify({ type: "conversation:resume", conversationId, after }));
  }

  #missed(data: Buffer, messages: number): void {
    this.missed += messages;
    const at = data.indexOf('"conversation:resumed"');
    if (at === -1) return;
    const rest = data.toString("latin1", at);
    if (rest.includes('"more":true'))
      return this.#resume(Number(/"seq":(\d+)/.exec(rest)?.[1] ?? this.#lastSeq));
    this.#onResumed?.();
    this.#onResumed = undefined;
  }

  #delivered(data: Buffer, messages: number): void {
    const at = data.lastIndexOf('"seq":');
    this.#lastSeq = Number.parseInt(data.toString("latin1", at + 6, at + 22), 10);
    if (this.#onResumed === undefined) this.onDelivered(messages);
    this.#deliveredTimer ??= setTimeout(() => {
      this.#deliveredTimer = undefined;
      const conversationId = this.#conversationId;
      const frame = { type: "message:delivered", conversationId, seq: this.#lastSeq };
      this.socket.send(JSON.stringify(frame));
    }, deliveredWindowMs);
  }
}
