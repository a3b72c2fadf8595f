/** The product's own protocol: resume, send, acknowledge, and the delivered watermarks that a real client sends. */
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { randomFraction } from "#core/environment.ts";
import { limits } from "#schema/limits.ts";
import { packSends } from "#schema/protocol/send-frame.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import { count, type Endpoint, SocketChannel } from "./channel.ts";
import { FramePacker } from "./frame-packer.ts";

export const placeholderId = "AAAAAAAAAAAAAAAAAAAAAA";
/**
 * A message id: characters that scatter like those of random ids, as an index has to be written for them, then the
 * message's number, then characters that differ from channel to channel.
 */
const scatteredChars = 5;
const digits = 10;
const ownChars = 6;
const scatter = 0x9e3779b1;
const frameHeadBytes = 21;
/** Where a message says how long its body is, which ends it. */
const bodyBytesAt = 22;
/** Where the client message id begins in a body, in bytes, by the body's type. */
const idInBody = new Map([
  [0x20, 18],
  [0x30, 35],
]);
/** A client reports what it has stored this often at most; among many members it waits for one to two seconds (SPEC CL199). */
const deliveredWindowMs = 30;
const crowdWindowMs = 1_000;

const newEvent = Buffer.from('"message:new"');
const ackEvent = Buffer.from('"message:ack"');
const ackedId = Buffer.from('"clientMessageId":"');
const refusals = [Buffer.from('"message:refused"'), Buffer.from('"type":"error"')];
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export class SottoChannel extends SocketChannel {
  readonly #conversationId: string;
  readonly #message: Buffer;
  readonly #bodyIdAt: number;
  readonly #own: string;
  readonly #after: number;
  #onResumed: (() => void) | undefined;
  #deliveredTimer: NodeJS.Timeout | undefined;
  #lastSeq = 0;
  readonly #isInCrowd: boolean;
  readonly #packer: FramePacker;
  #isFlushDue = false;

  constructor(endpoint: Extract<Endpoint, { dialect: "sotto" }>) {
    super(endpoint.url, endpoint.protocols);
    this.#conversationId = endpoint.conversationId;
    this.#after = endpoint.after;
    this.#isInCrowd = endpoint.members > limits.promptReceiptsMembers;
    const [frame] = packSends([JSON.parse(endpoint.frame) as MessageSend]);
    if (frame === undefined) throw new Error("no frame");
    this.#message = Buffer.from(frame.subarray(frameHeadBytes));
    const bodyBytes = this.#message.readUInt32BE(bodyBytesAt);
    const bodyAt = this.#message.length - Math.ceil(bodyBytes / 3) * 3;
    const idAt = idInBody.get(this.#message[bodyAt + 1] ?? 0);
    if (idAt === undefined) throw new Error("unknown body");
    this.#bodyIdAt = bodyAt + idAt;
    const random = crypto.getRandomValues(new Uint8Array(ownChars));
    this.#own = [...random].map((byte) => alphabet[byte % alphabet.length]).join("") + "A";
    this.#packer = new FramePacker(Buffer.from(frame.subarray(0, frameHeadBytes)), (packed, onSent) =>
      this.socket.send(packed, onSent),
    );
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.onFailure = reject;
      this.#onResumed = resolve;
      this.socket.on("open", () => this.#resume(this.#after));
    });
  }

  send(index: number): void {
    const scattered = (Math.imul(index, scatter) >>> 0).toString(36).padStart(7, "0").slice(-scatteredChars);
    this.#message.write(scattered + String(index).padStart(digits, "0") + this.#own, 0, "base64url");
    this.#message.copy(this.#message, this.#bodyIdAt, 0, 16);
    this.#packer.add(this.#message);
    if (this.#isFlushDue) return;
    // As the product's client does: what is sent in one turn leaves in as few frames as fit.
    this.#isFlushDue = true;
    queueMicrotask(() => {
      this.#isFlushDue = false;
      this.#packer.flush();
    });
  }

  override close(): void {
    clearTimeout(this.#deliveredTimer);
    super.close();
  }

  protected receive(data: Buffer): void {
    const messages = count(data, newEvent);
    if (this.#onResumed !== undefined) this.#missed(data, messages);
    if (messages > 0) this.#delivered(data, messages);
    if (refusals.some((refusal) => data.includes(refusal))) {
      this.onFailure(new Error(data.toString("latin1", 0, 500)));
    }
    for (let at = data.indexOf(ackEvent); at !== -1; at = data.indexOf(ackEvent, at)) {
      at = data.indexOf(ackedId, at) + ackedId.length + scatteredChars;
      this.onAck(Number(data.toString("latin1", at, at + digits)));
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

  #deliveredAfterMs(): number {
    return this.#isInCrowd ? crowdWindowMs * (1 + randomFraction(nobleProvider)) : deliveredWindowMs;
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
    }, this.#deliveredAfterMs());
  }
}
