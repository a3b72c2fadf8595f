/** A conversation that exists, awake: its state, core, fan-out and timed work, put together. */
import type { AccountId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { unwrap } from "#schema/rpc/result.ts";
import type { InboxRpc } from "#schema/rpc/inbox.ts";
import type { DeviceSet, Summary } from "#schema/rpc/shared.ts";
import type { AlarmHandler, Alarms } from "../support/alarms.ts";
import type { Roster } from "../support/device-socket.ts";
import { type Archive, drainArchive } from "./archive.ts";
import { ConversationCore } from "./core.ts";
import { FanOut } from "./fan-out.ts";
import { ConversationState } from "./state.ts";
import type { ConversationStore, Snapshot } from "./store.ts";

export type ConversationAlarm = "archive" | "fan_out" | "sweep";

const archiveDelayMs = 2_000;
const fanOutRetryMs = 5_000;
const sweepDelayMs = 60_000;
const sweepMessages = 1_000;

export interface RoomContext {
  readonly store: ConversationStore;
  readonly sockets: Pick<Roster, "all">;
  readonly alarms: Alarms<ConversationAlarm>;
  readonly archive: Archive;
  readonly inboxOf: (account: AccountId) => Pick<InboxRpc, "advance" | "deviceSet">;
  readonly now: () => number;
  readonly messagesPerSecond: number;
  readonly pause: (delayMs: number) => Promise<void>;
  readonly defer: (flush: () => void) => void;
  readonly onFailure: (place: "flush_failed" | "call_failed", error: unknown) => void;
}

export class Room {
  readonly state: ConversationState;
  readonly core: ConversationCore;
  readonly #context: RoomContext;
  readonly #fanOut: FanOut;
  readonly #pulling = new Set<AccountId>();

  constructor(context: RoomContext, snapshot: Snapshot) {
    const { store, sockets, alarms, now, messagesPerSecond, defer, onFailure } = context;
    this.#context = context;
    this.state = new ConversationState(snapshot);
    this.#fanOut = new FanOut(
      {
        state: this.state,
        store,
        sockets,
        inboxOf: (member) => context.inboxOf(member.account),
        now,
        pause: context.pause,
        onFailure: (error) => onFailure("call_failed", error),
      },
      alarms.isPending("fan_out"),
    );
    this.core = new ConversationCore({
      state: this.state,
      store,
      sockets,
      now,
      messagesPerSecond,
      defer,
      onCommit: ({ messages }) => this.#committed(messages),
      onBehind: (account) => void this.#pull(account),
      onFlushFailed: (error) => onFailure("flush_failed", error),
    });
  }

  get handlers(): Readonly<Record<ConversationAlarm, AlarmHandler>> {
    return {
      archive: () => this.#drain(),
      fan_out: () => this.#fanOut.finish(),
      sweep: () => this.#sweep(),
    };
  }

  /** Takes over a device set when it is newer; the members' inboxes pass it on to their devices. */
  applySet(set: DeviceSet): void {
    if (this.core.applySet(set)) this.#changed();
  }

  summaryFor(account: AccountId): Summary | undefined {
    const { state } = this;
    const member = state.members.get(account);
    const peer = [...state.members.values()].find((other) => other.account !== account);
    if (member === undefined || peer === undefined) return undefined;
    return {
      conversationId: state.record.conversationId,
      kind: "direct",
      peer: { account: peer.account, username: peer.username },
      createdAtMs: state.record.createdAtMs,
      lastSeq: state.lastSeq,
      read: member.read,
      unread: state.unread(member, this.#context.store.firstMemberCountAt(member.read)),
      updatedAtMs: state.lastTimeMs,
    };
  }

  #committed(messages: number): void {
    const { alarms, now } = this.#context;
    if (messages > 0) alarms.schedule("archive", now() + archiveDelayMs);
    alarms.schedule("sweep", now() + (this.#isSweepDue ? sweepDelayMs : limits.capsuleAgeMs));
    this.#changed();
  }

  #changed(): void {
    const { alarms, now } = this.#context;
    alarms.schedule("fan_out", now() + fanOutRetryMs);
    this.#fanOut.kick();
  }

  get #isSweepDue(): boolean {
    return this.state.deliveredToAll > this.state.record.sweptSeq;
  }

  #drain(): Promise<void> {
    const { state } = this;
    const { store, archive } = this.#context;
    return drainArchive({
      conversationId: state.record.conversationId,
      archive,
      archivedSeq: () => state.record.archivedSeq,
      after: (seq, limit) => store.page({ after: seq, limit, capsulesOf: "" }),
      save: (seq) => {
        store.saveArchived(seq);
        state.record = { ...state.record, archivedSeq: seq };
      },
    });
  }

  /** Clears capsules that every device has, or that waited too long; comes back for what is left. */
  #sweep(): void {
    const { state } = this;
    const { store, alarms, now } = this.#context;
    const { sweptSeq } = state.record;
    const swept = store.sweep({
      after: sweptSeq,
      upTo: state.deliveredToAll,
      olderThanMs: now() - limits.capsuleAgeMs,
      limit: sweepMessages,
    });
    state.record = { ...state.record, sweptSeq: swept };
    if (swept === state.lastSeq) return;
    const [oldest] = store.page({ after: swept, limit: 1, capsulesOf: "" });
    const expiresAtMs = (oldest?.serverTimeMs ?? now()) + limits.capsuleAgeMs;
    alarms.schedule("sweep", this.#isSweepDue ? now() : Math.max(expiresAtMs, now() + sweepDelayMs));
  }

  async #pull(account: AccountId): Promise<void> {
    if (this.#pulling.has(account)) return;
    this.#pulling.add(account);
    try {
      this.applySet(unwrap(await this.#context.inboxOf(account).deviceSet()));
    } catch (error) {
      this.#context.onFailure("call_failed", error);
    } finally {
      this.#pulling.delete(account);
    }
  }
}
