/**
 * An in-memory server for tests of the client alone: it speaks the contract of schema/ and can be made to fail.
 * It proves nothing about the real server.
 */
import { Profiles } from "#durable-objects/inbox/profiles.ts";
import { migrate } from "#durable-objects/support/migrate.ts";
import { migrationsOf, nodeSql } from "../node-sql.ts";
import { readUp } from "../up-frames.ts";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import type { Provider } from "#core/crypto/provider.ts";
import type { Environment, Socket, SocketEvents } from "#core/environment.ts";
import { closeCodes, SottoError } from "#schema/errors.ts";
import type { AccountId, DeviceId } from "#schema/ids.ts";
import type { DeviceMessage } from "#schema/protocol/inbox.ts";
import type { PresenceAudience } from "#schema/protocol/presence.ts";
import { FakeAccounts } from "./fake-accounts.ts";
import { FakeBackups } from "./fake-backups.ts";
import type { FakeConversation } from "./fake-conversations.ts";
import { answerRoute } from "./fake-routes.ts";
import { takeConversationFrame, takeInboxFrame } from "./fake-frames.ts";

export interface FakeSocket {
  readonly account: AccountId;
  readonly deviceId: DeviceId;
  /** Undefined: the inbox. */
  readonly conversation: FakeConversation | undefined;
  live: boolean;
  send(event: object): void;
  close(code: number): void;
}

/** The product's provider with a password hash that takes no time. */
export const quickProvider: Provider = {
  ...nobleProvider,
  argon2id: (password, salt, _params, length) =>
    Promise.resolve(nobleProvider.hkdf(salt, password, new Uint8Array(0), length)),
};

export class FakeServer {
  readonly accounts = new FakeAccounts(() => Date.now());
  readonly backups = new FakeBackups();
  readonly conversations = new Map<string, FakeConversation>();
  readonly sockets = new Set<FakeSocket>();
  /** To-device messages by device, kept until acknowledged. */
  readonly queues = new Map<string, DeviceMessage[]>();
  readonly #positions = new Map<string, number>();
  readonly #profiles = new Map<AccountId, Profiles>();
  /** Every `message:send` that arrived, as JSON, accepted or not. */
  readonly wire: string[] = [];
  readonly presenceAudience = new Map<AccountId, PresenceAudience>();
  isOnline = true;
  /** Called for each frame that arrives; false swallows it. */
  frameFilter: (frame: { type: string }, socket: FakeSocket) => boolean = () => true;
  /** Called for each event that leaves; undefined swallows it. */
  eventFilter: (event: { type: string }, socket: FakeSocket) => object | undefined = (event) => event;
  refuseSends: { code: "rate_limited"; retryAfterMs: number } | undefined;

  environment(overrides: Partial<Environment> = {}): Environment {
    return {
      provider: quickProvider,
      origin: "http://fake.test",
      refreshTransport: "body",
      fetch: (url, init) => this.#fetch(url, init),
      openSocket: (url, protocols, events) => this.#openSocket(url, protocols, events),
      nowMs: () => Date.now(),
      setTimer(delayMs, callback) {
        const timer = setTimeout(callback, delayMs);
        return () => clearTimeout(timer);
      },
      ...overrides,
    };
  }

  /** The real thing, as an inbox has it. */
  profilesOf(account: AccountId): Profiles {
    const known = this.#profiles.get(account);
    if (known !== undefined) return known;
    const sql = nodeSql();
    migrate(sql, migrationsOf("inbox"));
    const made = new Profiles(sql, Date.now);
    this.#profiles.set(account, made);
    return made;
  }

  /** Positions of a device's queue count up, whatever was acknowledged. */
  nextPosition(device: string): number {
    const position = (this.#positions.get(device) ?? 0) + 1;
    this.#positions.set(device, position);
    return position;
  }

  /** Breaks every connection; nothing connects until `isOnline` is true again. */
  goOffline(): void {
    this.isOnline = false;
    for (const socket of this.sockets) socket.close(1006);
  }

  /** Tells live sockets of a conversation, and the inboxes of devices without one. */
  broadcast(conversation: FakeConversation, make: (socket: FakeSocket) => object | undefined): void {
    for (const socket of this.sockets) {
      if (!conversation.members.includes(socket.account)) continue;
      const isLive = socket.conversation === conversation && socket.live;
      const hasChannel = [...this.sockets].some(
        (other) =>
          other.account === socket.account &&
          other.deviceId === socket.deviceId &&
          other.conversation === conversation,
      );
      if (!isLive && (socket.conversation !== undefined || hasChannel)) continue;
      const event = make(socket);
      if (event !== undefined) socket.send(event);
    }
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    await Promise.resolve();
    if (!this.isOnline) throw new TypeError("fetch failed");
    try {
      const data = answerRoute(this, new URL(url), init);
      return Response.json({ success: true, data });
    } catch (error) {
      const { kind, message, retryAfterMs } =
        error instanceof SottoError ? error : new SottoError("internal", String(error));
      const body = {
        code: kind,
        message,
        requestId: "r",
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      };
      return Response.json({ success: false, error: body }, { status: 400 });
    }
  }

  #openSocket(url: string, protocols: readonly string[], events: SocketEvents): Socket {
    const token = protocols[1]?.replace("token.", "") ?? "";
    const who = this.accounts.tokens.get(token);
    const id = new URL(url).pathname.split("/")[3];
    let isOpen = false;
    const socket: FakeSocket = {
      account: who?.account ?? ("" as AccountId),
      deviceId: who?.deviceId ?? 0,
      conversation: id === undefined ? undefined : this.conversations.get(id),
      live: false,
      send: (event) => {
        const passed = this.eventFilter(event as { type: string }, socket);
        if (passed === undefined) return;
        const text = JSON.stringify(passed);
        setImmediate(() => isOpen && events.text(text));
      },
      close: (code) => {
        this.sockets.delete(socket);
        const wasOpen = isOpen;
        isOpen = false;
        if (wasOpen) setImmediate(() => events.closed(code, ""));
      },
    };
    setImmediate(() => {
      if (!this.isOnline) return events.closed(1006, "");
      if (who === undefined) return events.closed(closeCodes.token_expired, "");
      isOpen = true;
      this.sockets.add(socket);
      events.opened();
    });
    return {
      send: (frame) => setImmediate(() => isOpen && this.#receive(socket, readUp(frame))),
      close: () => socket.close(1000),
    };
  }

  #receive(socket: FakeSocket, text: string): void {
    const frame: { type: string; events?: { type: string }[] } = JSON.parse(text);
    if (frame.type === "batch") {
      for (const event of frame.events ?? []) this.#receive(socket, JSON.stringify(event));
      return;
    }
    if (frame.type === "message:send") this.wire.push(text);
    if (!this.frameFilter(frame, socket)) return;
    if (frame.type === "ping") socket.send({ type: "pong" });
    else if (socket.conversation !== undefined)
      takeConversationFrame(this, socket, socket.conversation, text);
    else takeInboxFrame(this, socket, text);
  }
}
