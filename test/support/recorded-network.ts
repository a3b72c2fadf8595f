/**
 * The network of one client: the platform's own fetch and WebSocket, with everything that crosses kept word for word,
 * and a plug that can be pulled.
 */
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import type { Provider } from "#core/crypto/provider.ts";
import type { Environment, Socket } from "#core/environment.ts";
import { platformEnvironment } from "#core/platform-environment.ts";
import { readUp } from "./up-frames.ts";

export interface WireEntry {
  readonly place: "url" | "header" | "request" | "answer" | "up" | "up bytes" | "down";
  /** Path of the request or the socket. */
  readonly path: string;
  /** A frame up is JSON, however it travelled; binary ones are there a second time, a character for a byte. */
  readonly text: string;
}

/** How a socket ended, as its client saw it. */
export interface SocketEnd {
  readonly path: string;
  readonly code: number;
  readonly atMs: number;
}

export class RecordedNetwork {
  readonly wire: WireEntry[] = [];
  readonly ends: SocketEnd[] = [];
  readonly environment: Environment;
  readonly #origin: string;
  readonly #sockets = new Set<() => void>();
  readonly #listeners = new Set<() => void>();
  #isOnline = true;
  /** Called with every frame, before the client sees it or after it was sent. */
  onFrame: (entry: WireEntry) => void = () => undefined;
  /** What an attacker on the way makes of a frame to the client; it is kept as it came. */
  tamper: (text: string) => string = (text) => text;
  /** The same for answers to requests. */
  tamperAnswer: (path: string, answer: Response) => Response | Promise<Response> = (_path, answer) => answer;

  constructor(origin: string, provider: Provider = nobleProvider) {
    this.#origin = origin;
    const onOnline = (listener: () => void) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    };
    const platform = platformEnvironment({ provider, origin, refreshTransport: "body", onOnline });
    this.environment = {
      ...platform,
      fetch: (url, init) => this.#fetch(platform, url, init),
      openSocket: (url, protocols, events) => this.#openSocket(platform, url, protocols, events),
    };
  }

  /** Sockets of an unplugged client are lost and its requests fail, as with a dead network. */
  unplug(): void {
    this.#isOnline = false;
    for (const drop of this.#sockets) drop();
  }

  /** Plugs in again; the platform notices as a browser does, by its `online` event. */
  plugIn(): void {
    this.#isOnline = true;
    this.announceOnline();
  }

  /** What a browser's `online` event does. */
  announceOnline(): void {
    for (const listener of this.#listeners) listener();
  }

  /** The newest access token that the client has used. */
  get accessToken(): string {
    const entry = this.wire.findLast(
      ({ place, text }) => place === "header" && text.startsWith("authorization: "),
    );
    if (entry === undefined) throw new Error("no request carried an access token yet");
    return entry.text.replace("authorization: Bearer ", "");
  }

  async #fetch(platform: Environment, url: string, init: RequestInit): Promise<Response> {
    if (!this.#isOnline) throw new TypeError("the network is unplugged");
    const path = url.slice(this.#origin.length);
    this.#keep("url", path, url);
    new Headers(init.headers).forEach((value, name) => this.#keep("header", path, `${name}: ${value}`));
    if (typeof init.body === "string") this.#keep("request", path, init.body);
    const response = await this.tamperAnswer(path, await platform.fetch(url, init));
    response.headers.forEach((value, name) => this.#keep("header", path, `${name}: ${value}`));
    this.#keep("answer", path, await response.clone().text());
    return response;
  }

  #openSocket(
    platform: Environment,
    url: string,
    protocols: readonly string[],
    events: Parameters<Environment["openSocket"]>[2],
  ): Socket {
    const path = new URL(url).pathname;
    if (!this.#isOnline) {
      queueMicrotask(() => events.closed(1006, ""));
      return { send: () => undefined, close: () => undefined };
    }
    this.#keep("url", path, url);
    this.#keep("header", path, `sec-websocket-protocol: ${protocols.join(", ")}`);
    const ended = (code: number, reason: string) => {
      if (!this.#sockets.delete(drop)) return;
      this.ends.push({ path, code, atMs: Date.now() });
      events.closed(code, reason);
    };
    const socket = platform.openSocket(url, protocols, {
      opened: () => this.#sockets.has(drop) && events.opened(),
      text: (text) => {
        if (!this.#sockets.has(drop)) return;
        this.onFrame(this.#keep("down", path, text));
        events.text(this.tamper(text));
      },
      closed: ended,
    });
    const drop = () => {
      ended(1006, "");
      socket.close(4000, "unplugged");
    };
    this.#sockets.add(drop);
    return {
      send: (frame) => {
        if (!this.#sockets.has(drop)) return;
        socket.send(frame);
        if (typeof frame !== "string") this.#keep("up bytes", path, Buffer.from(frame).toString("latin1"));
        this.onFrame(this.#keep("up", path, readUp(frame)));
      },
      close: (code, reason) => {
        this.#sockets.delete(drop);
        socket.close(code, reason);
      },
    };
  }

  #keep(place: WireEntry["place"], path: string, text: string): WireEntry {
    const entry = { place, path, text };
    this.wire.push(entry);
    return entry;
  }
}
