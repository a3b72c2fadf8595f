/** One WebSocket that is kept up: token, heartbeat, full-jitter back-off, close codes. */
import * as v from "valibot";
import type { Bytes } from "#schema/envelope/bytes.ts";
import { closeCodes } from "#schema/errors.ts";
import { limits } from "#schema/limits.ts";
import type { SessionId } from "#schema/ids.ts";
import { pingText } from "#schema/protocol/control.ts";
import { batchSchema, type DownEvent, downEventSchema } from "#schema/protocol/down.ts";
import { subprotocol, tokenSubprotocolPrefix } from "#schema/protocol/version.ts";
import { marginMs, type Tokens } from "../api/tokens.ts";
import { randomFraction, type Environment, type Socket } from "../environment.ts";
import { backoffDelayMs, backoffMs, closeRemedy } from "./backoff.ts";

/** No frame this long after a ping: the connection is dead, whatever the platform believes. */
const pongDeadlineMs = 10_000;
const openDeadlineMs = 15_000;
/** A socket ends with its token, so it is replaced before, at a moment without traffic, and at the latest here. */
const renewLatestMs = 20_000;
const quietMs = 2_000;
/** A connection that lived this long starts the back-off anew when it is lost. */
const steadyMs = 5_000;

export type LinkState =
  | { readonly state: "idle" }
  | { readonly state: "connecting"; readonly attempt: number }
  | {
      readonly state: "waiting";
      readonly attempt: number;
      readonly retryAtMs: number;
      readonly sinceMs: number;
    }
  | { readonly state: "open" };

export interface ConnectionHandlers {
  /** The socket is open; send the first frame. */
  opened(): void;
  events(events: readonly DownEvent[]): void;
  changed(state: LinkState): void;
  /** The server will not have this socket (`forbidden`, `not_found`, `upgrade_required`). */
  refused(code: number): void;
  /** Perhaps somebody else has opened a session as this device. `isTaken`: certainly. */
  replaced?(isTaken: boolean): void;
}

export class Connection {
  readonly #environment: Environment;
  readonly #tokens: Tokens;
  readonly #path: string;
  readonly #handlers: ConnectionHandlers;
  #socket: Socket | undefined;
  #state: LinkState = { state: "idle" };
  #attempt = 0;
  #lostAtMs = 0;
  #openedAtMs = 0;
  #lastFrameAtMs = 0;
  /** Grows with every attempt, so that late callbacks of an older one are told apart. */
  #epoch = 0;
  #cancelTimer: () => void = () => undefined;
  #cancelRenewal: () => void = () => undefined;
  #lastTrafficAtMs = 0;
  #isRenewing = false;
  /** Under which the socket was opened. */
  #session: SessionId | undefined;

  constructor(environment: Environment, tokens: Tokens, path: string, handlers: ConnectionHandlers) {
    this.#environment = environment;
    this.#tokens = tokens;
    this.#path = path;
    this.#handlers = handlers;
  }

  get state(): LinkState {
    return this.#state;
  }

  get #url(): string {
    return this.#environment.origin.replace(/^http/, "ws") + this.#path;
  }

  /** Connects and stays connected until `stop`. */
  start(): void {
    if (this.#state.state === "idle") void this.#connect();
  }

  stop(): void {
    this.#epoch += 1;
    this.#cancelTimer();
    this.#cancelRenewal();
    this.#attempt = 0;
    const socket = this.#socket;
    this.#socket = undefined;
    this.#enter({ state: "idle" });
    socket?.close(1000, "");
  }

  /** Ends a back-off, and doubts an open connection that has been silent. */
  retryNow(): void {
    if (this.#state.state === "waiting") void this.#connect();
    else if (this.#state.state === "open") this.#ping();
  }

  /** Sends a frame, an object as JSON; false when the socket is not open. */
  send(frame: object | string | Bytes): boolean {
    if (this.#state.state !== "open" || this.#socket === undefined) return false;
    this.#lastTrafficAtMs = this.#environment.nowMs();
    const isReady = typeof frame === "string" || frame instanceof Uint8Array;
    this.#socket.send(isReady ? frame : JSON.stringify(frame));
    return true;
  }

  async #connect(): Promise<void> {
    this.#cancelTimer();
    this.#isRenewing = false;
    this.#epoch += 1;
    const epoch = this.#epoch;
    this.#attempt += 1;
    this.#enter({ state: "connecting", attempt: this.#attempt });
    let token: string;
    try {
      token = await this.#tokens.access();
    } catch {
      if (epoch === this.#epoch) this.#wait(undefined); // an ended session stops this connection from outside
      return;
    }
    if (epoch !== this.#epoch) return;
    const isCurrent = (): boolean => epoch === this.#epoch;
    this.#socket = this.#environment.openSocket(this.#url, [subprotocol, tokenSubprotocolPrefix + token], {
      opened: () => isCurrent() && this.#opened(token),
      text: (text) => isCurrent() && this.#text(text),
      closed: (code) => isCurrent() && this.#closed(code, token),
    });
    this.#setTimer(openDeadlineMs, () => this.#drop());
  }

  #opened(token: string): void {
    this.#openedAtMs = this.#environment.nowMs();
    this.#session = this.#tokens.sessionId;
    this.#enter({ state: "open" });
    this.#schedulePing();
    this.#planRenewal(token);
    this.#handlers.opened();
  }

  /** Looks for a quiet moment once the token is so old that the next one is fetched. */
  #planRenewal(token: string): void {
    const lifeMs = this.#tokens.lifeMs(token);
    this.#cancelRenewal();
    if (lifeMs === undefined) return;
    const spreadMs = randomFraction(this.#environment.provider) * (marginMs - renewLatestMs - quietMs);
    this.#renewAfter(
      Math.max(0, lifeMs - marginMs + spreadMs),
      this.#environment.nowMs() + lifeMs - renewLatestMs,
    );
  }

  #renewAfter(delayMs: number, latestAtMs: number): void {
    const epoch = this.#epoch;
    this.#cancelRenewal = this.#environment.setTimer(delayMs, () => {
      if (epoch !== this.#epoch) return;
      const nowMs = this.#environment.nowMs();
      const isQuiet = nowMs - this.#lastTrafficAtMs >= quietMs;
      if (isQuiet || nowMs >= latestAtMs) void this.#renew();
      else this.#renewAfter(quietMs, latestAtMs);
    });
  }

  /**
   * Opens a socket with a fresh token and takes it in place of the present one, which stays in use until then.
   * When that fails, the server's close of the old socket leads to the ordinary way back.
   */
  async #renew(): Promise<void> {
    const epoch = this.#epoch;
    let token: string;
    try {
      token = await this.#tokens.access();
    } catch {
      return;
    }
    if (epoch !== this.#epoch) return;
    let isTaken = false;
    this.#isRenewing = true;
    const isCurrent = (): boolean => isTaken && epoch + 1 === this.#epoch;
    const fresh = this.#environment.openSocket(this.#url, [subprotocol, tokenSubprotocolPrefix + token], {
      opened: () => {
        if (epoch !== this.#epoch) return fresh.close(1000, "");
        isTaken = true;
        this.#isRenewing = false;
        this.#epoch += 1;
        const old = this.#socket;
        this.#socket = fresh;
        old?.close(1000, "");
        this.#opened(token);
      },
      text: (text) => isCurrent() && this.#text(text),
      closed: (code) => {
        if (isCurrent()) return this.#closed(code, token);
        if (isTaken || epoch !== this.#epoch) return;
        this.#isRenewing = false;
        if (this.#state.state === "open" && this.#socket === undefined) this.#wait(undefined);
      },
    });
  }

  #text(text: string): void {
    this.#lastFrameAtMs = this.#environment.nowMs();
    const events = parseFrame(text);
    if (events.some(({ type }) => type !== "pong")) this.#lastTrafficAtMs = this.#lastFrameAtMs;
    if (events.length > 0) this.#handlers.events(events);
  }

  #closed(code: number, token: string): void {
    this.#socket = undefined;
    // The server drops the old socket as soon as it sees the new one, which may be before it opens here.
    if (this.#isRenewing && code === closeCodes.replaced) return;
    this.#cancelRenewal();
    const isOwnDoing = this.#tokens.isReplacing || this.#tokens.sessionId !== this.#session;
    if (code === closeCodes.session_revoked) this.#handlers.replaced?.(false);
    if (code === closeCodes.replaced) this.#handlers.replaced?.(!isOwnDoing);
    const isRenewed = code === closeCodes.replaced && isOwnDoing;
    const remedy = isRenewed ? "retry_now" : closeRemedy(code);
    if (remedy === "stop") {
      this.stop();
      this.#handlers.refused(code);
      return;
    }
    const wasSteady =
      this.#state.state === "open" && this.#environment.nowMs() - this.#openedAtMs >= steadyMs;
    if (wasSteady) this.#attempt = 0;
    if (remedy === "new_token") this.#tokens.invalidate(token);
    const mayHurry = this.#attempt <= 2;
    if (mayHurry && (remedy === "new_token" || remedy === "retry_now")) void this.#connect();
    else this.#wait(remedy === "retry_slowly" ? backoffMs.max : undefined);
  }

  #wait(atLeastMs: number | undefined): void {
    const { provider, nowMs } = this.#environment;
    const delayMs =
      atLeastMs === undefined
        ? backoffDelayMs(provider, this.#attempt)
        : Math.round(atLeastMs * (0.5 + randomFraction(provider) / 2));
    if (this.#attempt <= 1) this.#lostAtMs = nowMs();
    this.#enter({
      state: "waiting",
      attempt: this.#attempt,
      retryAtMs: nowMs() + delayMs,
      sinceMs: this.#lostAtMs,
    });
    this.#setTimer(delayMs, () => void this.#connect());
  }

  #schedulePing(): void {
    this.#setTimer(limits.pingIntervalMs, () => this.#ping());
  }

  #ping(): void {
    const sentAtMs = this.#environment.nowMs();
    this.#socket?.send(pingText);
    this.#setTimer(pongDeadlineMs, () => {
      if (this.#lastFrameAtMs >= sentAtMs) this.#schedulePing();
      else this.#drop();
    });
  }

  /** Closes a socket that does not answer; the platform's own close may take minutes. */
  #drop(): void {
    const socket = this.#socket;
    this.#epoch += 1;
    this.#cancelRenewal();
    this.#socket = undefined;
    socket?.close(4000, "no answer");
    this.#wait(undefined);
  }

  #setTimer(delayMs: number, callback: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#environment.setTimer(delayMs, callback);
  }

  #enter(state: LinkState): void {
    this.#state = state;
    this.#handlers.changed(state);
  }
}

/** The events of one frame; what this version does not know is left out. */
export function parseFrame(text: string): DownEvent[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return []; // not of this protocol
  }
  const batch = v.safeParse(batchSchema, value);
  const events = batch.success ? batch.output.events : [value];
  return events.flatMap((event) => {
    const parsed = v.safeParse(downEventSchema, event);
    return parsed.success ? [parsed.output] : [];
  });
}
