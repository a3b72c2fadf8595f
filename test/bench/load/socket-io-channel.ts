/** Socket.IO as spoken on the wire (Engine.IO 4): the official client, which parses everything, would be slower. */
import { count, type Endpoint, SocketChannel } from "./channel.ts";

const messageEvent = Buffer.from('"message",{');
const joinAck = 0;

export class SocketIoChannel extends SocketChannel {
  readonly #token: string;
  readonly #join: string;
  readonly #message: string;
  #onJoined: (() => void) | undefined;

  constructor(endpoint: Extract<Endpoint, { dialect: "socket.io" }>) {
    super(`${endpoint.url}/socket.io/?EIO=4&transport=websocket`, []);
    const { token, room, body, after } = endpoint;
    this.#token = token;
    this.#join = `42${joinAck}${JSON.stringify(["join", { room, after }])}`;
    this.#message = JSON.stringify(["message", { room, body }]);
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.onFailure = reject;
      this.#onJoined = resolve;
    });
  }

  send(index: number): void {
    // Acknowledgement number 0 is the join's.
    this.socket.send(`42${index + 1}${this.#message}`);
  }

  protected receive(data: Buffer): void {
    const kind = data.toString("latin1", 0, 2);
    if (kind === "42") return this.onDelivered(count(data, messageEvent));
    if (kind === "43") return this.#acknowledged(data);
    if (kind[0] === "2") return this.socket.send("3");
    if (kind[0] === "0") return this.socket.send(`40${JSON.stringify({ token: this.#token })}`);
    if (kind === "44") return this.onFailure(new Error(data.toString()));
    if (kind === "40") {
      this.requests += 1;
      this.socket.send(this.#join);
    }
  }

  #acknowledged(data: Buffer): void {
    const bracket = data.indexOf("[");
    const index = Number(data.toString("latin1", 2, bracket));
    if (data.toString("latin1", bracket, bracket + 10).includes('"error"'))
      this.onFailure(new Error(data.toString()));
    if (index !== joinAck) return this.onAck(index - 1);
    const [joined] = JSON.parse(data.toString("latin1", bracket)) as [{ messages?: unknown[] }];
    this.missed = joined.messages?.length ?? 0;
    this.#onJoined?.();
  }
}
