/** A conversation that exists, awake: its state, core, fan-out and timed work, put together. */
import { type AccountId, deviceAddressKey } from "#schema/ids.ts";
import type { TypingUp } from "#schema/protocol/typing.ts";
import { unwrap } from "#schema/rpc/result.ts";
import type { InboxRpc } from "#schema/rpc/inbox.ts";
import type { DeviceSet, Summary } from "#schema/rpc/shared.ts";
import type { AlarmHandler, Alarms } from "../support/alarms.ts";
import type { Roster } from "../support/device-socket.ts";
import type { Archive } from "./archive.ts";
import { ConversationCore, type CoreContext } from "./core.ts";
import { FanOut } from "./fan-out.ts";
import { Housekeeping } from "./housekeeping.ts";
import { ConversationState } from "./state.ts";
import type { ConversationStore, Snapshot } from "./store.ts";

export type ConversationAlarm = "archive" | "fan_out" | "sweep" | "prune";

const fanOutRetryMs = 5_000;
/** A client repeats its start every 3 s; more often than this is not passed on to inboxes. */
const typingRepeatMs = 2_500;

export interface RoomContext {
  readonly store: ConversationStore;
  readonly sockets: Pick<Roster, "all">;
  readonly alarms: Pick<Alarms<ConversationAlarm>, "schedule" | "isPending">;
  readonly archive: Archive;
  readonly inboxOf: (account: AccountId) => Pick<InboxRpc, "advance" | "deviceSet" | "typing">;
  readonly now: () => number;
  readonly messagesPerSecond: number;
  readonly pause: (delayMs: number) => Promise<void>;
  readonly defer: CoreContext["defer"];
  readonly onFailure: (place: "flush_failed" | "call_failed", error: unknown) => void;
  readonly onArchiveIncomplete: () => void;
}

export class Room {
  readonly state: ConversationState;
  readonly core: ConversationCore;
  readonly #context: RoomContext;
  readonly #fanOut: FanOut;
  readonly #housekeeping: Housekeeping;
  /** Of each member at most one start. */
  readonly #typingSince = new Map<AccountId, number>();
  readonly #pulling = new Set<AccountId>();

  constructor(context: RoomContext, snapshot: Snapshot) {
    const { store, sockets, alarms, now, messagesPerSecond, defer, onFailure } = context;
    this.#context = context;
    this.state = new ConversationState(snapshot);
    this.#housekeeping = new Housekeeping({ ...context, state: this.state });
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
      onTyping: (frame, account) => this.#typing(frame, account),
      onBehind: (account) => void this.#pull(account),
      onFlushFailed: (error) => onFailure("flush_failed", error),
    });
  }

  get handlers(): Readonly<Record<ConversationAlarm, AlarmHandler>> {
    return {
      archive: () => this.#housekeeping.drain(),
      fan_out: () => this.#fanOut.finish(),
      sweep: () => this.#housekeeping.sweep(),
      prune: () => this.#housekeeping.prune(),
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
      unread: state.unread(member),
      updatedAtMs: state.lastTimeMs,
    };
  }

  #committed(messages: number): void {
    this.#housekeeping.committed(messages);
    this.#changed();
  }

  #changed(): void {
    const { alarms, now } = this.#context;
    alarms.schedule("fan_out", now() + fanOutRetryMs);
    this.#fanOut.kick();
  }

  /** Tells inboxes whose devices are not all here; a mark that is lost is no loss. */
  #typing({ type, conversationId }: TypingUp, account: AccountId): void {
    const { sockets, now, inboxOf, onFailure } = this.#context;
    const isStart = type === "typing:start";
    const startedAtMs = this.#typingSince.get(account);
    if (isStart && startedAtMs !== undefined && now() < startedAtMs + typingRepeatMs) return;
    if (!isStart && startedAtMs === undefined) return;
    if (isStart) this.#typingSince.set(account, now());
    else this.#typingSince.delete(account);
    const live = new Set<string>();
    for (const { identity, isLive } of sockets.all()) {
      if (isLive) live.add(deviceAddressKey(identity.account, identity.device));
    }
    for (const member of this.state.members.values()) {
      if (member.account === account) continue;
      const isEveryoneHere = [...member.devices].every(
        ([device, { active }]) => !active || live.has(deviceAddressKey(member.account, device)),
      );
      if (isEveryoneHere) continue;
      inboxOf(member.account)
        .typing({ type, conversationId, account })
        .catch((error: unknown) => onFailure("call_failed", error));
    }
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
