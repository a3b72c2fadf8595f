/** A socket of a device inside workerd: sends frames, hands out events one by one, batches unpacked. */
import { upFrame } from "../support/up-frames.ts";
import { exports } from "cloudflare:workers";
import { subprotocol, tokenSubprotocolPrefix } from "#schema/protocol/version.ts";

export const origin = "https://sotto.test";

export type Event = Readonly<Record<string, unknown>> & { readonly type: string };

export class LiveClient {
  readonly socket: WebSocket;
  readonly frames: string[] = [];
  readonly #events: Event[] = [];
  #wake: (() => void) | undefined;
  readonly closed: Promise<{ code: number; reason: string }>;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => this.#receive(String(data)));
    this.closed = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
    });
    socket.accept();
  }

  /** An event in the frame that it travels in, or a frame as it is. */
  send(frame: unknown): void {
    this.socket.send(typeof frame === "string" || frame instanceof ArrayBuffer ? frame : upFrame(frame));
  }

  async next(): Promise<Event> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) return event;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Skips events until one of this type. */
  async nextOf(type: string): Promise<Event> {
    for (;;) {
      const event = await this.next();
      if (event.type === type) return event;
    }
  }

  async take(count: number): Promise<Event[]> {
    const events = [];
    while (events.length < count) events.push(await this.next());
    return events;
  }

  /** What has arrived and was not asked for, after the server has answered a ping sent now. */
  async pending(): Promise<Event[]> {
    this.send('{"type":"ping"}');
    const events = [];
    for (;;) {
      const event = await this.next();
      if (event.type === "pong") return events;
      events.push(event);
    }
  }

  #receive(frame: string): void {
    this.frames.push(frame);
    const event = JSON.parse(frame) as Event;
    if (event.type === "batch") this.#events.push(...(event["events"] as Event[]));
    else this.#events.push(event);
    this.#wake?.();
  }
}

export async function connect(
  path: string,
  token: string,
  headers: Record<string, string> = {},
): Promise<LiveClient> {
  const protocols = `${subprotocol}, ${tokenSubprotocolPrefix}${token}`;
  return connectWith(path, { "sec-websocket-protocol": protocols, ...headers });
}

export async function connectWith(path: string, headers: Record<string, string>): Promise<LiveClient> {
  const answer = await exports.default.fetch(
    new Request(`${origin}${path}`, { headers: { upgrade: "websocket", ...headers } }),
  );
  if (answer.webSocket === null) throw new Error(`no socket: ${answer.status}`);
  return new LiveClient(answer.webSocket);
}

export async function openConversation(id: string, token: string, after = 0): Promise<LiveClient> {
  const client = await connect(`/ws/conversations/${id}`, token);
  client.send({ type: "conversation:resume", conversationId: id, after });
  await client.nextOf("conversation:resumed");
  return client;
}

export async function openInbox(token: string): Promise<LiveClient> {
  const client = await connect("/ws/inbox", token);
  client.send({ type: "inbox:resume" });
  await client.nextOf("prekey:stock");
  return client;
}
