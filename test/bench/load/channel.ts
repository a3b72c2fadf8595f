/**
 * One socket of the load generator, whatever it speaks to. All dialects go through the same client (`ws`) with
 * frames prepared beforehand: only the number of the message is patched into them.
 */
import { WebSocket } from "ws";

/** Where a channel connects and what it sends; plain data, so that it can be handed to another process. */
export type Endpoint =
  | {
      readonly dialect: "sotto";
      readonly url: string;
      /** Entries of Sec-WebSocket-Protocol. */
      readonly protocols: readonly string[];
      readonly conversationId: string;
      /** A `message:send` frame made for `placeholderId`. */
      readonly frame: string;
      readonly after: number;
      readonly members: number;
    }
  | {
      readonly dialect: "socket.io";
      readonly url: string;
      readonly token: string;
      readonly room: string;
      readonly body: string;
      readonly after: number;
    };

export interface Channel {
  /** Sends message number `index`; numbers are not to be repeated on one channel. */
  send(index: number): void;
  onAck: (index: number) => void;
  /** Messages of others that arrived. */
  onDelivered: (count: number) => void;
  onFailure: (error: Error) => void;
  /** Messages that were missed and came with the opening. */
  readonly missed: number;
  /** Requests it took until the channel was live, after the upgrade. */
  readonly requests: number;
  close(): void;
}

export abstract class SocketChannel implements Channel {
  protected readonly socket: WebSocket;
  onAck: (index: number) => void = () => {};
  onDelivered: (count: number) => void = () => {};
  onFailure: (error: Error) => void = () => {};
  missed = 0;
  requests = 0;

  constructor(url: string, protocols: readonly string[]) {
    // Masking protects proxies from browsers; a zero mask spares the generator the work, for every side alike.
    const generateMask = (mask: Buffer): void => void mask.fill(0);
    this.socket = new WebSocket(url, [...protocols], { perMessageDeflate: false, generateMask });
    this.socket.on("message", (data) => this.receive(data as Buffer));
    this.socket.on("error", (error) => this.onFailure(error));
    this.socket.on("close", (code, reason) =>
      this.onFailure(new Error(`closed ${code} ${reason.toString()}`)),
    );
  }

  /** Resolves when live events arrive. */
  abstract ready(): Promise<void>;
  abstract send(index: number): void;
  protected abstract receive(data: Buffer): void;

  close(): void {
    this.onFailure = () => {};
    this.socket.close(1000);
  }
}

export function count(data: Buffer, what: Buffer): number {
  let found = 0;
  for (let at = data.indexOf(what); at !== -1; at = data.indexOf(what, at + what.length)) found += 1;
  return found;
}
