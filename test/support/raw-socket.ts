/**
 * A WebSocket client over a bare TCP socket: says whatever a test tells it to, valid or not, and sees close codes as
 * they stand on the wire. Batches are unpacked; control frames of the server are answered as RFC 6455 asks.
 */
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { subprotocol, tokenSubprotocolPrefix } from "#schema/protocol/version.ts";
import { upFrame } from "./up-frames.ts";

export type RawEvent = Readonly<Record<string, unknown>> & { readonly type: string };

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const abnormal = 1006;
const noStatus = 1005;

export class RawSocket {
  /** Status line and headers of the answer to the upgrade. */
  readonly head: string;
  /** The server's close frame; 1006 when the connection ended without one. */
  readonly closed: Promise<Closed>;
  readonly #socket: Socket;
  readonly #events: RawEvent[] = [];
  #unread: Buffer;
  #fragments: Buffer[] = [];
  #isOver = false;
  #wake: (() => void) | undefined;
  #resolveClosed: (closed: Closed) => void = () => {};

  constructor(socket: Socket, head: string, rest: Buffer) {
    this.#socket = socket;
    this.head = head;
    this.#unread = rest;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    socket.on("data", (chunk: Buffer) => {
      this.#unread = Buffer.concat([this.#unread, chunk]);
      this.#read();
    });
    socket.on("close", () => this.#end({ code: abnormal, reason: "" }));
    this.#read();
  }

  /** An event, in the frame that it travels in. */
  send(event: unknown): void {
    const frame = upFrame(event);
    if (typeof frame === "string") this.sendText(frame);
    else this.sendBinary(frame);
  }

  sendText(text: string | Buffer): void {
    this.#write(opcodes.text, Buffer.from(text));
  }

  sendBinary(bytes: Uint8Array): void {
    this.#write(opcodes.binary, Buffer.from(bytes));
  }

  /** Writes bytes as they stand, without a frame around them. */
  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Starts a clean end. Without a code the close frame is empty. */
  close(code?: number, reason = ""): void {
    const payload = Buffer.alloc(code === undefined ? 0 : 2 + Buffer.byteLength(reason));
    if (code !== undefined) {
      payload.writeUInt16BE(code);
      payload.write(reason, 2);
    }
    this.#write(opcodes.close, payload);
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#socket.destroy();
  }

  async next(): Promise<RawEvent> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) return event;
      if (this.#isOver) throw new Error("the socket is closed");
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Skips events until one of this type. */
  async nextOf(type: string): Promise<RawEvent> {
    for (;;) {
      const event = await this.next();
      if (event.type === type) return event;
    }
  }

  /** What has arrived and was not asked for, once the server has answered a ping sent now. */
  async pending(): Promise<RawEvent[]> {
    this.send({ type: "ping" });
    const events: RawEvent[] = [];
    for (;;) {
      const event = await this.next();
      if (event.type === "pong") return events;
      events.push(event);
    }
  }

  #write(opcode: number, payload: Buffer): void {
    const mask = randomBytes(4);
    const { length } = payload;
    const head =
      length < 126
        ? Buffer.from([0x80 | opcode, 0x80 | length])
        : length < 65_536
          ? Buffer.from([0x80 | opcode, 0x80 | 126, length >> 8, length & 0xff])
          : Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | 127]), lengthOf64(length)]);
    const masked = Buffer.from(payload);
    for (let index = 0; index < length; index += 1) masked[index]! ^= mask[index % 4]!;
    this.#socket.write(Buffer.concat([head, mask, masked]));
  }

  #read(): void {
    for (let frame = this.#takeFrame(); frame !== undefined; frame = this.#takeFrame()) {
      if (frame.opcode === opcodes.close) {
        const { payload } = frame;
        const code = payload.length < 2 ? noStatus : payload.readUInt16BE(0);
        this.#end({ code, reason: payload.subarray(2).toString("utf8") });
        this.#socket.end();
      } else if (frame.opcode === opcodes.ping) {
        this.#write(opcodes.pong, frame.payload);
      } else if (frame.opcode !== opcodes.pong) {
        this.#fragments.push(frame.payload);
        if (frame.isFinal) this.#receive(Buffer.concat(this.#fragments.splice(0)).toString("utf8"));
      }
    }
  }

  #takeFrame(): { opcode: number; isFinal: boolean; payload: Buffer } | undefined {
    const bytes = this.#unread;
    if (bytes.length < 2) return undefined;
    const short = bytes[1]! & 0x7f;
    const start = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (bytes.length < start) return undefined;
    const length =
      short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
    if (bytes.length < start + length) return undefined;
    this.#unread = bytes.subarray(start + length);
    return {
      opcode: bytes[0]! & 0x0f,
      isFinal: (bytes[0]! & 0x80) !== 0,
      payload: bytes.subarray(start, start + length),
    };
  }

  #receive(text: string): void {
    const event = JSON.parse(text) as RawEvent;
    this.#events.push(...(event.type === "batch" ? (event["events"] as RawEvent[]) : [event]));
    this.#wake?.();
  }

  #end(closed: Closed): void {
    this.#isOver = true;
    this.#resolveClosed(closed);
    this.#wake?.();
  }
}

/** Sends an upgrade with these headers; undefined ones are left out. Resolves with whatever the server answers. */
export function rawUpgrade(
  origin: string,
  path: string,
  headers: Readonly<Record<string, string | undefined>> = {},
): Promise<RawSocket> {
  const { hostname, port, host } = new URL(origin);
  const all: Record<string, string | undefined> = {
    host,
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": randomBytes(16).toString("base64"),
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () =>
      socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`),
    );
    let answer = Buffer.alloc(0);
    const read = (chunk: Buffer): void => {
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf("\r\n\r\n");
      if (end < 0) return;
      socket.off("data", read);
      const head = answer.subarray(0, end).toString("latin1");
      resolve(new RawSocket(socket, head, answer.subarray(end + 4)));
    };
    socket.on("data", read);
    socket.on("error", reject);
  });
}

/** The headers with which a client of this version and with this token asks for a socket. */
export function protocolHeader(token: string): { readonly "sec-websocket-protocol": string } {
  return { "sec-websocket-protocol": `${subprotocol}, ${tokenSubprotocolPrefix}${token}` };
}

/** A conversation's socket, live. */
export async function openRawConversation(origin: string, id: string, token: string): Promise<RawSocket> {
  const socket = await rawUpgrade(origin, `/ws/conversations/${id}`, protocolHeader(token));
  socket.send({ type: "conversation:resume", conversationId: id, after: 0 });
  await socket.nextOf("conversation:resumed");
  return socket;
}

/** An inbox socket, live. */
export async function openRawInbox(origin: string, token: string): Promise<RawSocket> {
  const socket = await rawUpgrade(origin, "/ws/inbox", protocolHeader(token));
  socket.send({ type: "inbox:resume" });
  await socket.nextOf("prekey:stock");
  return socket;
}

function lengthOf64(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return bytes;
}
