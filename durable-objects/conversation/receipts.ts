/** Watermarks: how far each device has stored and each person has read. They only move forward. */
import type { AccountId, DeviceId, Sequence } from "#schema/ids.ts";
import { serialise } from "../support/frames.ts";
import type { Flush } from "./flush.ts";
import { receiptEvent } from "./log-events.ts";
import type { MemberState } from "./member-state.ts";
import type { ConversationState } from "./state.ts";
import type { ConversationStore } from "./store.ts";

interface Pending {
  readonly member: MemberState;
  readonly device: DeviceId;
  delivered: Sequence;
  read: Sequence;
  /** What moving to `read` adds to the unread base. */
  baseChange: number;
}

interface ReceivedReceipt {
  readonly delivered: Sequence;
  readonly read: Sequence;
  /** It is committed. */
  readonly kept?: () => void;
  /** The transaction failed. */
  readonly lost: (error: unknown) => void;
}

/** Receipts since the last flush, merged so that each device and person is written once. */
export class PendingReceipts {
  readonly #pending = new Map<string, Pending>();
  #received: ReceivedReceipt[] = [];

  /** Received since the last flush. */
  get size(): number {
    return this.#received.length;
  }

  add(member: MemberState, device: DeviceId, receipt: ReceivedReceipt): void {
    const { delivered, read } = receipt;
    this.#received.push(receipt);
    const key = `${member.account}.${device}`;
    const pending = this.#pending.get(key) ?? {
      member,
      device,
      delivered: 0,
      read: 0,
      baseChange: 0,
    };
    pending.delivered = Math.max(pending.delivered, delivered);
    pending.read = Math.max(pending.read, read);
    this.#pending.set(key, pending);
  }

  /** Nothing of it was written: tells those it came from. */
  fail(error: unknown): void {
    for (const { lost } of this.#clear()) lost(error);
  }

  /** Writes what moves. Memory changes only in `apply`, once the transaction holds. */
  save(state: ConversationState, store: ConversationStore): void {
    for (const { member, device, delivered } of this.#pending.values()) {
      if (delivered > (member.devices.get(device)?.delivered ?? Infinity)) {
        store.saveDelivered(member.account, device, delivered);
      }
    }
    for (const pending of this.#pending.values()) {
      const { member, read } = pending;
      if (read <= member.read) continue;
      pending.baseChange = unreadBaseAt(member, read, state, store) - member.unreadBase;
    }
    for (const { member, read, baseChange } of this.#furthestReads()) {
      if (read > member.read)
        store.saveRead(member.account, read, member.unreadBase + baseChange, state.lastSeq);
    }
  }

  /** Moves the watermarks in memory. Returns the accounts whose own watermarks moved. */
  apply(state: ConversationState): readonly AccountId[] {
    const moved = new Set<AccountId>();
    const bases = new Map<MemberState, number>();
    for (const { member, device, delivered, read, baseChange } of this.#pending.values()) {
      const before = member.watermarks;
      state.delivered(member, device, delivered);
      if (read > member.read) {
        member.read = read;
        bases.set(member, baseChange);
      }
      const after = member.watermarks;
      if (after.delivered === before.delivered && after.read === before.read) continue;
      moved.add(member.account);
      state.lowMarks.moved(before);
    }
    for (const [member, change] of bases) member.unreadBase += change;
    for (const { kept } of this.#clear()) kept?.();
    return [...moved];
  }

  #clear(): readonly ReceivedReceipt[] {
    const received = this.#received;
    this.#received = [];
    this.#pending.clear();
    return received;
  }

  #furthestReads(): Iterable<Pending> {
    const furthest = new Map<AccountId, Pending>();
    for (const pending of this.#pending.values()) {
      if (pending.read > (furthest.get(pending.member.account)?.read ?? 0)) {
        furthest.set(pending.member.account, pending);
      }
    }
    return furthest.values();
  }
}

/**
 * Tells live sockets which watermarks moved: in a direct conversation each of them, in a group the own ones to the account's other
 * devices and the lowest to everyone, when they changed.
 */
export function announceReceipts(
  flush: Pick<Flush, "announce">,
  state: ConversationState,
  moved: readonly AccountId[],
): void {
  const { conversationId, kind } = state.record;
  for (const account of moved) {
    const member = state.members.get(account);
    if (member === undefined) continue;
    const event = receiptEvent(conversationId, member.watermarks);
    flush.announce(event, kind === "direct" ? undefined : account);
  }
  if (kind === "direct" || moved.length === 0) return;
  const low = state.newLow();
  if (low !== undefined) flush.announce(serialise({ type: "receipt:low", conversationId, ...low }));
}

/**
 * The unread base of a member that has read up to `read`, as of the messages before this flush. Counts own messages after it
 * only when there are any: those who read before they write, which is nearly everyone, cost nothing.
 */
function unreadBaseAt(
  member: MemberState,
  read: Sequence,
  state: ConversationState,
  store: ConversationStore,
): number {
  const { lastSeq, silentCount } = state;
  const silent = read === lastSeq ? silentCount : store.silentCountAt(read);
  // A watermark below the hot window counts from where it was.
  if (silent === undefined) return member.unreadBase;
  const own = read >= member.sentSeq ? 0 : store.ownContent(member.account, read, lastSeq);
  return read - silent + own;
}

/** Whether a device may claim to have come this far. */
export function isPlausible(state: ConversationState, seq: Sequence): boolean {
  return seq <= state.lastSeq;
}
