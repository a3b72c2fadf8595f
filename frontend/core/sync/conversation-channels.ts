/** The sockets of single conversations: opened when there is a reason, closed when there has been none for a while. */
import type { Bytes } from "#schema/envelope/bytes.ts";
import type { ConversationId } from "#schema/ids.ts";
import type { DownEvent } from "#schema/protocol/down.ts";
import type { Tokens } from "../api/tokens.ts";
import type { Environment } from "../environment.ts";
import { Connection } from "./connection.ts";

/** On screen, something in the outbox, or messages missing. */
export type ChannelReason = "screen" | "outbox" | "gap";

const idleMs = 30_000;
const retryFillMs = 3_000;
/** A live socket brings what is missing by itself: word of it came another way, a moment too early. */
const graceMs = 500;
/** Sockets opened only to heal gaps at any one time; the others take their turn. */
const healingMax = 4;

export interface ChannelHandlers {
  /** The sequence number after which messages are missing here. */
  cursor(conversationId: ConversationId): number;
  events(conversationId: ConversationId, events: readonly DownEvent[]): void;
  /** Fetches and stores everything before `hotFrom` from history pages. Throws when that is not possible now. */
  fillBelow(conversationId: ConversationId, hotFrom: number): Promise<void>;
  /** A new socket has caught up: from here on it is live, and nothing is in flight on it. */
  live(conversationId: ConversationId): void;
  /** A live socket has caught up again. */
  healed(conversationId: ConversationId): void;
  /** The socket broke or gave way to a new one: what was on its way there may be lost. */
  lost(conversationId: ConversationId): void;
  refused(conversationId: ConversationId): void;
}

interface Channel {
  readonly reasons: Set<ChannelReason>;
  connection: Connection | undefined;
  isLive: boolean;
  /** A resume was sent and is not answered. */
  isResuming: boolean;
  /** Older messages are being fetched before the next resume. */
  isFilling: boolean;
  lastReceived: number;
  cancelIdle: (() => void) | undefined;
  cancelGrace: (() => void) | undefined;
}

export class ConversationChannels {
  readonly #environment: Environment;
  readonly #tokens: Tokens;
  readonly #handlers: ChannelHandlers;
  readonly #channels = new Map<ConversationId, Channel>();
  #stopped = false;

  constructor(environment: Environment, tokens: Tokens, handlers: ChannelHandlers) {
    this.#environment = environment;
    this.#tokens = tokens;
    this.#handlers = handlers;
  }

  want(conversationId: ConversationId, reason: ChannelReason, wanted: boolean): void {
    if (this.#stopped) return;
    const channel = this.#channel(conversationId);
    if (wanted) {
      channel.reasons.add(reason);
      channel.cancelIdle?.();
      channel.cancelIdle = undefined;
      if (channel.connection === undefined) this.#openNext();
      else if (reason === "gap" && channel.isLive) this.#resumeAfterGrace(conversationId, channel);
      return;
    }
    if (reason === "gap") cancelGrace(channel);
    if (!channel.reasons.delete(reason) || channel.reasons.size > 0) return;
    if (channel.connection === undefined) return;
    channel.cancelIdle = this.#environment.setTimer(idleMs, () => this.#close(channel));
    this.#openNext();
  }

  isLive(conversationId: ConversationId): boolean {
    return this.#channels.get(conversationId)?.isLive === true;
  }

  /** Conversations with messages still missing. */
  get healing(): number {
    return [...this.#channels.values()].filter(({ reasons }) => reasons.has("gap")).length;
  }

  /** Sends a frame on a live socket. */
  send(conversationId: ConversationId, frame: object | string | Bytes): boolean {
    const channel = this.#channels.get(conversationId);
    return channel?.isLive === true && channel.connection?.send(frame) === true;
  }

  /** The network may be back. */
  retryNow(): void {
    for (const { connection } of this.#channels.values()) connection?.retryNow();
  }

  stop(): void {
    this.#stopped = true;
    for (const channel of this.#channels.values()) this.#close(channel);
  }

  #channel(conversationId: ConversationId): Channel {
    const known = this.#channels.get(conversationId);
    if (known !== undefined) return known;
    const made: Channel = {
      reasons: new Set(),
      connection: undefined,
      isLive: false,
      isResuming: false,
      isFilling: false,
      lastReceived: 0,
      cancelIdle: undefined,
      cancelGrace: undefined,
    };
    this.#channels.set(conversationId, made);
    return made;
  }

  #openNext(): void {
    if (this.#stopped) return;
    const isHealing = ({ reasons }: Channel) => reasons.size === 1 && reasons.has("gap");
    let healing = [...this.#channels.values()].filter(
      (channel) => channel.connection !== undefined && isHealing(channel),
    ).length;
    for (const [conversationId, channel] of this.#channels) {
      if (channel.connection !== undefined || channel.reasons.size === 0) continue;
      if (isHealing(channel)) {
        if (healing >= healingMax) continue;
        healing += 1;
      }
      this.#open(conversationId, channel);
    }
  }

  #open(conversationId: ConversationId, channel: Channel): void {
    channel.connection = new Connection(
      this.#environment,
      this.#tokens,
      `/ws/conversations/${conversationId}`,
      {
        opened: () => {
          // Also when it takes the place of one that is live: what was in flight there is lost.
          channel.isLive = channel.isResuming = false;
          this.#handlers.lost(conversationId);
          this.#resume(conversationId, channel);
        },
        events: (events) => this.#events(conversationId, channel, events),
        changed: ({ state }) => {
          if (state === "open") return;
          channel.isLive = channel.isResuming = false;
          this.#handlers.lost(conversationId);
        },
        refused: () => {
          this.#close(channel);
          this.#handlers.refused(conversationId);
        },
      },
    );
    channel.connection.start();
  }

  #resumeAfterGrace(conversationId: ConversationId, channel: Channel): void {
    channel.cancelGrace ??= this.#environment.setTimer(graceMs, () => {
      channel.cancelGrace = undefined;
      if (channel.isLive) this.#resume(conversationId, channel);
    });
  }

  #resume(conversationId: ConversationId, channel: Channel): void {
    if (channel.isResuming) return;
    channel.isResuming = true;
    const after = this.#handlers.cursor(conversationId);
    channel.lastReceived = after;
    channel.connection?.send({ type: "conversation:resume", conversationId, after });
  }

  #events(conversationId: ConversationId, channel: Channel, events: readonly DownEvent[]): void {
    for (const event of events) {
      if (event.type === "message:new") channel.lastReceived = Math.max(channel.lastReceived, event.seq);
    }
    this.#handlers.events(conversationId, events);
    const resumed = events.findLast((event) => event.type === "conversation:resumed");
    if (resumed === undefined) return;
    if (resumed.hotFrom !== undefined) {
      channel.isLive = false;
      void this.#fill(conversationId, channel, resumed.hotFrom);
      return;
    }
    channel.isResuming = false;
    if (resumed.more) {
      channel.isResuming = true;
      const after = channel.lastReceived;
      channel.connection?.send({ type: "conversation:resume", conversationId, after });
      return;
    }
    const isNew = !channel.isLive;
    channel.isLive = true;
    if (isNew) this.#handlers.live(conversationId);
    else this.#handlers.healed(conversationId);
  }

  /** The object no longer has what comes after the cursor: history pages have it, then the resume goes on. */
  async #fill(conversationId: ConversationId, channel: Channel, hotFrom: number): Promise<void> {
    if (channel.isFilling) return;
    channel.isFilling = true;
    const resume = (): void => {
      channel.isFilling = channel.isResuming = false;
      if (channel.connection?.state.state === "open") this.#resume(conversationId, channel);
    };
    try {
      await this.#handlers.fillBelow(conversationId, hotFrom);
      resume();
    } catch {
      // offline or refused: the next try begins where this one ended
      this.#environment.setTimer(retryFillMs, resume);
    }
  }

  #close(channel: Channel): void {
    channel.cancelIdle?.();
    channel.cancelIdle = undefined;
    cancelGrace(channel);
    const { connection } = channel;
    channel.connection = undefined;
    channel.isLive = channel.isResuming = false;
    connection?.stop();
    this.#openNext();
  }
}

function cancelGrace(channel: Channel): void {
  channel.cancelGrace?.();
  channel.cancelGrace = undefined;
}
