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
import { FanOut, type FanOutChange } from "./fan-out.ts";
import type { Arrivals } from "./arrivals.ts";
import { GroupDesk, inParallel } from "./group-desk.ts";
import type { GroupStore } from "./group-store.ts";
import { Housekeeping } from "./housekeeping.ts";
import { ConversationState } from "./state.ts";
import type { ConversationStore, Losses, Snapshot, StoredMessage } from "./store.ts";

export type ConversationAlarm = "archive" | "fan_out" | "sweep" | "prune" | "report";

/** A client repeats its start every 3 s; more often than this is not passed on to inboxes. */
const typingRepeatMs = 2_500;
/** In larger groups typing marks reach only those who have the group on screen. */
const typingMembersMax = 32;
const departuresAtOnce = 100;

type RoomInbox = Pick<InboxRpc, "advance" | "deviceSet" | "departed" | "registerConversation" | "typing">;

export interface RoomContext {
  readonly store: ConversationStore;
  readonly groupStore: GroupStore;
  readonly arrivals: Arrivals;
  readonly sockets: Pick<Roster, "all" | "closeWhere">;
  readonly alarms: Pick<Alarms<ConversationAlarm>, "schedule" | "isPending">;
  readonly archive: Archive;
  readonly inboxOf: (account: AccountId) => RoomInbox;
  readonly now: () => number;
  readonly messagesPerSecond: number;
  readonly pause: (delayMs: number) => Promise<void>;
  readonly defer: CoreContext["defer"];
  readonly onFailure: (place: "flush_failed" | "call_failed", error: unknown) => void;
  readonly onArchiveIncomplete: () => void;
  readonly onLosses: (losses: Losses) => void;
}

export class Room {
  readonly state: ConversationState;
  readonly core: ConversationCore;
  readonly group: GroupDesk;
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
      groupStore: context.groupStore,
      sockets,
      now,
      messagesPerSecond,
      defer,
      pause: context.pause,
      onCommit: ({ messages, moved }) => this.#committed(messages, moved),
      onTyping: (frame, account) => this.#typing(frame, account),
      onBehind: (account) => void this.#pull(account),
      onFlushFailed: (error) => onFailure("flush_failed", error),
    });
    this.group = new GroupDesk({
      state: this.state,
      store,
      groupStore: context.groupStore,
      arrivals: context.arrivals,
      now,
      flush: () => this.core.flush(),
      register: async (account) => {
        const { conversationId, createdAtMs } = this.state.record;
        const input = { conversationId, kind: "group", createdAtMs, visible: false } as const;
        return unwrap(await context.inboxOf(account).registerConversation(input));
      },
      onAccepted: (entry, gone, isRotated) => {
        if (isRotated) this.core.keys.forget();
        this.#accepted(entry, gone);
      },
    });
  }

  get handlers(): Readonly<Record<ConversationAlarm, AlarmHandler>> {
    return {
      archive: () => this.#housekeeping.drain(),
      fan_out: () => this.#finishTelling(),
      report: () => this.#housekeeping.report(),
      sweep: () => this.#housekeeping.sweep(),
      prune: () => this.#housekeeping.prune(),
    };
  }

  /** Takes over a device set when it is newer; the members' inboxes pass it on to their devices. */
  applySet(set: DeviceSet): void {
    // In a group those who write are told by the refusal of their next message.
    if (this.core.applySet(set) && this.state.record.kind === "direct") this.#changed({ isUrgent: true });
  }

  summaryFor(account: AccountId): Summary | undefined {
    const { state } = this;
    const member = state.members.get(account);
    if (member === undefined) return undefined;
    const summary = {
      conversationId: state.record.conversationId,
      createdAtMs: state.record.createdAtMs,
      lastSeq: state.lastSeq,
      read: member.read,
      unread: state.unread(member),
      updatedAtMs: state.lastTimeMs,
    };
    if (state.record.kind === "group") {
      const group = { epoch: state.epoch, members: state.members.size, left: false };
      return { ...summary, kind: "group", group };
    }
    const peer = state.peerOf(account);
    if (peer === undefined) return undefined;
    return { ...summary, kind: "direct", peer: { account: peer.account, username: peer.username } };
  }

  /** A device of a member gave up on messages. */
  undecryptable(count: number): void {
    this.#housekeeping.undecryptable(count);
  }

  /** Begins with what a conversation that was just made has to tell. */
  start(): void {
    this.#committed(1, []);
  }

  #accepted(entry: StoredMessage, gone: readonly AccountId[]): void {
    this.core.tell(entry);
    const out = new Set(gone);
    if (out.size > 0) this.#context.sockets.closeWhere(({ account }) => out.has(account), "forbidden");
    this.#housekeeping.committed(1);
    this.#changed({ isUrgent: true, isOperation: true });
    if (out.size > 0)
      void this.#tellDepartures().catch((error: unknown) => this.#context.onFailure("call_failed", error));
  }

  async #finishTelling(): Promise<void> {
    const [members, former] = await Promise.allSettled([this.#fanOut.finish(), this.#tellDepartures()]);
    for (const told of [members, former]) if (told.status === "rejected") throw told.reason;
  }

  /** Tells the inboxes of former members that they are out, until each has confirmed. */
  async #tellDepartures(): Promise<void> {
    const { groupStore, inboxOf } = this.#context;
    const { conversationId } = this.state.record;
    const owed = groupStore.departures(departuresAtOnce);
    await inParallel(owed, async (departure) => {
      unwrap(await inboxOf(departure.account).departed({ conversationId, epoch: departure.epoch }));
      groupStore.departureTold(departure);
    });
    if (owed.length === departuresAtOnce) await this.#tellDepartures();
  }

  #committed(messages: number, readers: readonly AccountId[]): void {
    this.#housekeeping.committed(messages);
    if (messages > 0) this.#changed({ isUrgent: true });
    else if (this.state.record.kind === "direct") this.#changed({ isUrgent: false });
    else this.#changed({ isUrgent: false, accounts: readers });
  }

  #changed(change: FanOutChange): void {
    const { alarms, now } = this.#context;
    alarms.schedule("fan_out", now() + this.#fanOut.patienceMs);
    this.#fanOut.kick(change);
  }

  /** Tells inboxes whose devices are not all here; a mark that is lost is no loss. */
  #typing({ type, conversationId }: TypingUp, account: AccountId): void {
    const { sockets, now, inboxOf, onFailure } = this.#context;
    const isStart = type === "typing:start";
    const startedAtMs = this.#typingSince.get(account);
    if (isStart && startedAtMs !== undefined && now() < startedAtMs + typingRepeatMs) return;
    if (!isStart && startedAtMs === undefined) return;
    if (this.state.members.size > typingMembersMax) return;
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
