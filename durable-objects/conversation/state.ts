/** The conversation in memory: everything that judging a message needs, so that no message reads more than its own row. */
import { type AccountId, type DeviceId, deviceAddressKey, type Sequence } from "#schema/ids.ts";
import type { GroupHead } from "#schema/envelope/group-rules.ts";
import type { GroupState } from "#schema/envelope/group-state.ts";
import { limits } from "#schema/limits.ts";
import type { LowWatermarks } from "#schema/protocol/receipt.ts";
import type { DeviceSet, ReceiptState } from "#schema/rpc/shared.ts";
import { BitSet } from "./bit-set.ts";
import { restoreGroup } from "./group-head.ts";
import type { Membership } from "./group-store.ts";
import { LowMarks } from "./low-marks.ts";
import { MemberState } from "./member-state.ts";
import type { Needed } from "./sender-keys.ts";
import type { ConversationRecord, ConversationStore, Snapshot } from "./store.ts";

export class ConversationState {
  readonly members = new Map<AccountId, MemberState>();
  readonly lowMarks = new LowMarks(() => this.members.values());
  record: ConversationRecord;
  lastSeq: Sequence;
  lastTimeMs: number;
  /** Entries without content so far. */
  silentCount: number;
  /** Undefined in a direct conversation. */
  #head: GroupHead | undefined;
  #nextSlot = 0;
  #needed: (Needed & { readonly count: number }) | undefined;
  #revision = 0;
  /** Those who sent since the last time their unread bases were kept. */
  readonly #uncounted = new Set<MemberState>();
  /** Address keys of the devices that must be able to read, for the frames of any sender. */
  #recipients: ReadonlySet<string> | undefined;
  /** Of the active devices; undefined when it has to be looked for. */
  #lowestDelivered: number | undefined;
  #toldLow: string | undefined;

  constructor(snapshot: Snapshot) {
    this.record = snapshot.record;
    this.lastSeq = snapshot.newest?.seq ?? 0;
    this.lastTimeMs = snapshot.newest?.serverTimeMs ?? snapshot.record.createdAtMs;
    this.silentCount = snapshot.newest?.silentCount ?? 0;
    const { group, members, record } = snapshot;
    if (group !== undefined) this.#head = restoreGroup(record.conversationId, group, members);
    const counted = new Map(snapshot.members.map(({ account, baseSeq }) => [account, baseSeq]));
    for (const stored of snapshot.members) this.members.set(stored.account, new MemberState(stored));
    for (const { seq, account } of snapshot.uncounted) {
      const member = this.members.get(account);
      if (member === undefined) continue;
      const isNew = seq > (counted.get(account) ?? 0);
      this.#sent(member, seq, isNew ? 1 : 0);
    }
    for (const { account, device, active, deliveredSeq, slot } of snapshot.devices) {
      const state = { active, delivered: deliveredSeq, slot: slot ?? undefined };
      this.members.get(account)?.devices.set(device, state);
      if (slot !== null) this.#nextSlot = Math.max(this.#nextSlot, slot + 1);
    }
  }

  get head(): GroupHead | undefined {
    return this.#head;
  }

  get group(): GroupState | undefined {
    return this.#head?.state;
  }

  /** Newest operation of a group; 0 in a direct conversation. */
  get epoch(): number {
    return this.#head?.state.epoch ?? 0;
  }

  /** In a group: the devices that must be able to read. */
  get needed(): Needed & { readonly count: number } {
    if (this.#needed === undefined) {
      const slots = new BitSet();
      let count = 0;
      for (const member of this.members.values()) {
        for (const { active, slot } of member.devices.values()) {
          if (!active || slot === undefined) continue;
          slots.add(slot);
          count += 1;
        }
      }
      this.#revision += 1;
      const generation = this.record.keyGeneration;
      this.#needed = { revision: this.#revision, slots, count, generation };
    }
    return this.#needed;
  }

  /** Places in the bit sets for the devices of `sets` that are new in this group. */
  newSlots(sets: readonly DeviceSet[]): ReadonlyMap<AccountId, ReadonlyMap<DeviceId, number>> {
    let next = this.#nextSlot;
    return new Map(
      sets.map(({ account, devices }) => {
        const known = this.members.get(account)?.devices;
        const fresh = devices.filter((device) => known?.has(device) !== true);
        return [account, new Map(fresh.map((device) => [device, next++]))];
      }),
    );
  }

  /** Takes over an accepted operation of the group. */
  applyOperation(head: GroupHead, { arrivals, gone, roles }: Membership, keyGeneration: number): void {
    this.#head = head;
    for (const { account, role } of roles) {
      const member = this.members.get(account);
      if (member !== undefined) member.role = role;
    }
    for (const account of gone) {
      const member = this.members.get(account);
      if (member !== undefined) this.#uncounted.delete(member);
      this.members.delete(account);
    }
    for (const { member: stored, set, slots, floor } of arrivals) {
      const member = new MemberState(stored);
      member.notified = floor;
      for (const device of set.devices) {
        member.devices.set(device, { active: true, delivered: floor, slot: slots.get(device) });
      }
      this.members.set(stored.account, member);
      for (const slot of slots.values()) this.#nextSlot = Math.max(this.#nextSlot, slot + 1);
    }
    this.record = { ...this.record, keyGeneration };
    this.#forgetDevices();
    this.lowMarks.forget();
  }

  #forgetDevices(): void {
    this.#recipients = undefined;
    this.#lowestDelivered = undefined;
    this.#needed = undefined;
  }

  get recipients(): ReadonlySet<string> {
    if (this.#recipients === undefined) {
      const keys = new Set<string>();
      for (const member of this.members.values()) {
        for (const [device, { active }] of member.devices) {
          if (active) keys.add(deviceAddressKey(member.account, device));
        }
      }
      this.#recipients = keys;
    }
    return this.#recipients;
  }

  applySet(
    member: MemberState,
    set: DeviceSet,
    slots: ReadonlyMap<DeviceId, number>,
    keyGeneration: number,
  ): void {
    this.record = { ...this.record, keyGeneration };
    for (const slot of slots.values()) this.#nextSlot = Math.max(this.#nextSlot, slot + 1);
    member.listVersion = set.version;
    member.setEpoch = set.epoch;
    for (const device of member.devices.values()) device.active = false;
    for (const device of set.devices) {
      const known = member.devices.get(device);
      const slot = known?.slot ?? slots.get(device);
      member.devices.set(device, { active: true, delivered: known?.delivered ?? 0, slot });
    }
    this.#forgetDevices();
  }

  /** A device has everything up to `seq`. */
  delivered(member: MemberState, device: DeviceId, seq: Sequence): void {
    const known = member.devices.get(device);
    if (known === undefined || known.delivered >= seq) return;
    if (known.delivered === this.#lowestDelivered) this.#lowestDelivered = undefined;
    known.delivered = seq;
  }

  /** Everything up to here has reached every device that must get it. */
  get deliveredToAll(): Sequence {
    if (this.#lowestDelivered === undefined) {
      let lowest = Infinity;
      for (const member of this.members.values()) {
        for (const device of member.devices.values()) {
          if (device.active) lowest = Math.min(lowest, device.delivered);
        }
      }
      this.#lowestDelivered = lowest;
    }
    return Math.min(this.lastSeq, this.#lowestDelivered);
  }

  /** The lowest watermarks of a group, when they are others than the last time. */
  newLow(): LowWatermarks | undefined {
    const low = this.lowMarks.get();
    const text = JSON.stringify(low);
    if (text === this.#toldLow) return undefined;
    this.#toldLow = text;
    return low;
  }

  /** A content message of `account` is in the log. */
  sent(account: AccountId, seq: Sequence): void {
    const member = this.members.get(account);
    if (member !== undefined) this.#sent(member, seq, 1);
  }

  #sent(member: MemberState, seq: Sequence, count: number): void {
    member.unreadBase += count;
    member.sentSeq = Math.max(member.sentSeq, seq);
    this.#uncounted.add(member);
  }

  /** Keeps the unread bases as of now, and up to where every inbox was told. */
  saveProgress(store: ConversationStore, toldSeq: Sequence): void {
    const upTo = this.lastSeq;
    const senders = [...this.#uncounted].map(({ account, unreadBase, sentSeq }) => ({
      account,
      unreadBase,
      sentSeq,
    }));
    store.saveProgress({ upTo, toldSeq, senders });
    this.#uncounted.clear();
    this.record = { ...this.record, countedSeq: upTo, toldSeq };
  }

  /** The other member of a direct conversation. */
  peerOf(account: AccountId): MemberState | undefined {
    for (const member of this.members.values()) if (member.account !== account) return member;
    return undefined;
  }

  /** All watermarks in a direct conversation; the member's own and the lowest in a group. */
  receiptsFor(member: MemberState): ReceiptState {
    if (this.record.kind === "direct")
      return { receipts: [...this.members.values()].map((each) => each.watermarks) };
    return { receipts: [member.watermarks], low: this.lowMarks.get() };
  }

  hasSent(member: MemberState): boolean {
    return member.sentSeq > 0;
  }

  /** Content messages of others after `member.read`. */
  unread(member: MemberState): number {
    const unread = this.lastSeq - this.silentCount - member.unreadBase;
    return Math.max(0, Math.min(unread, limits.unreadMax));
  }
}
