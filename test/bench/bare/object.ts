/**
 * The yardstick of the send path: an object that does nothing but commit what a frame brought. No authentication, no schema check,
 * no membership, no idempotency, no receipts; the same frames, rows of as many messages, one frame per socket per flush.
 */
import { DurableObject } from "cloudflare:workers";

interface Frame {
  readonly conversationId: string;
  readonly clientMessageId: string;
  readonly body: string;
  readonly capsules: readonly string[];
}

/** Messages that share a row, as in the product. */
const rowMessages = 64;

/** The layout of schema/protocol/send-frame.ts, taken at its word. */
function readFrames(buffer: ArrayBuffer): Frame[] {
  const view = new DataView(buffer);
  const bytes = new Uint8Array(buffer) as Uint8Array & { toBase64(options: object): string };
  const all = bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  let at = 0;
  const text = (length: number): string => {
    const start = (at / 3) * 4;
    at += Math.ceil(length / 3) * 3;
    return all.slice(start, start + Math.ceil((length * 4) / 3));
  };
  const count = view.getUint16(1);
  at = 3;
  const conversationId = text(16);
  return Array.from({ length: count }, () => {
    const clientMessageId = text(16);
    const [lists, devices, bodyBytes] = [view.getUint16(at), view.getUint16(at + 2), view.getUint32(at + 4)];
    at += 9 + 24 * lists;
    const capsules = Array.from({ length: devices }, () => {
      at += 24;
      return text(view.getUint16(at - 2));
    });
    return { conversationId, clientMessageId, body: text(bodyBytes), capsules };
  });
}

/** As in the product: a blob, and one call of the runtime for all of it. */
function packBytes(texts: readonly string[]): Uint8Array {
  const padded = texts.map((text) => text.padEnd(Math.ceil(text.length / 4) * 4, "A")).join("");
  const { fromBase64 } = Uint8Array as unknown as {
    readonly fromBase64: (text: string, options: object) => Uint8Array;
  };
  return fromBase64(padded, { alphabet: "base64url" });
}

export class Bare extends DurableObject {
  #queue: { socket: WebSocket; frame: Frame }[] = [];
  #seq = 0;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as never);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS log(seq INTEGER PRIMARY KEY, ids TEXT, bodies BLOB, capsules BLOB, time_ms INTEGER)",
    );
  }

  override fetch(): Response {
    const pair = new WebSocketPair();
    this.ctx.acceptWebSocket(pair[1]);
    return new Response(null, {
      status: 101,
      webSocket: pair[0],
      headers: { "sec-websocket-protocol": "sotto.v2" },
    });
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    if (typeof data !== "string") for (const frame of readFrames(data)) this.#queue.push({ socket, frame });
    else if (data.startsWith('{"type":"conversation:resume"'))
      socket.send(JSON.stringify({ type: "conversation:resumed", lastSeq: this.#seq }));
    if (this.#queue.length > 0) this.#flush();
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    if (code !== 1006 && code !== 1015) socket.close(1000);
  }

  #flush(): void {
    const queue = this.#queue;
    this.#queue = [];
    const serverTimeMs = Date.now();
    const acks = new Map<WebSocket, string[]>();
    const events: string[] = [];
    for (const { socket, frame } of queue) {
      const seq = ++this.#seq;
      const { conversationId, clientMessageId, body, capsules } = frame;
      const list = acks.get(socket) ?? [];
      list.push(JSON.stringify({ type: "message:ack", conversationId, clientMessageId, seq, serverTimeMs }));
      acks.set(socket, list);
      const [capsule] = capsules;
      const event = {
        type: "message:new",
        conversationId,
        seq,
        clientMessageId,
        serverTimeMs,
        body,
        capsule,
      };
      events.push(JSON.stringify(event));
    }
    this.ctx.storage.transactionSync(() => {
      for (let start = 0; start < queue.length; start += rowMessages) {
        const frames = queue.slice(start, start + rowMessages).map(({ frame }) => frame);
        this.ctx.storage.sql.exec(
          "INSERT INTO log VALUES (?, ?, ?, ?, ?)",
          this.#seq - queue.length + start + 1,
          frames.map(({ clientMessageId }) => clientMessageId).join(","),
          packBytes(frames.map(({ body }) => body)),
          packBytes(frames.flatMap(({ capsules }) => capsules)),
          serverTimeMs,
        );
      }
    });
    const broadcast = `{"type":"batch","events":[${events.join(",")}]}`;
    for (const socket of this.ctx.getWebSockets()) {
      const own = acks.get(socket);
      socket.send(own === undefined ? broadcast : `{"type":"batch","events":[${own.join(",")}]}`);
    }
  }
}

export default {
  fetch(request: Request, env: { BARE: DurableObjectNamespace<Bare> }): Promise<Response> {
    return env.BARE.getByName(new URL(request.url).pathname).fetch(request);
  },
};
