/** Watermarks: how far each device has stored and each person has read. They only move forward. */
import type { AccountId, DeviceId, Sequence } from "#schema/ids.ts";
import type { ConversationState, MemberState } from "./state.ts";
import type { ConversationStore } from "./store.ts";

interface Pending {
  readonly member: MemberState;
  readonly device: DeviceId;
  delivered: Sequence;
  read: Sequence;
  /** `firstMemberCount` at `read`. */
  readCount: number;
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
      readCount: 0,
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
  save(store: ConversationStore): void {
    for (const { member, device, delivered } of this.#pending.values()) {
      if (delivered > (member.devices.get(device)?.delivered ?? Infinity)) {
        store.saveDelivered(member.account, device, delivered);
      }
    }
    for (const pending of this.#pending.values()) {
      const { member, read } = pending;
      if (read <= member.read) continue;
      // A watermark below the hot window counts from where it was.
      pending.readCount = store.firstMemberCountAt(read) ?? member.readCount;
    }
    for (const { member, read, readCount } of this.#furthestReads()) {
      if (read > member.read) store.saveRead(member.account, read, readCount);
    }
  }

  /** Moves the watermarks in memory. Returns the accounts whose own watermarks moved. */
  apply(): ReadonlySet<AccountId> {
    const moved = new Set<AccountId>();
    for (const { member, device, delivered, read, readCount } of this.#pending.values()) {
      const before = member.watermarks;
      const state = member.devices.get(device);
      if (state !== undefined) state.delivered = Math.max(state.delivered, delivered);
      if (read > member.read) {
        member.read = read;
        member.readCount = readCount;
      }
      const after = member.watermarks;
      if (after.delivered > before.delivered || after.read > before.read) moved.add(member.account);
    }
    for (const { kept } of this.#clear()) kept?.();
    return moved;
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

/** Whether a device may claim to have come this far. */
export function isPlausible(state: ConversationState, seq: Sequence): boolean {
  return seq <= state.lastSeq;
}
