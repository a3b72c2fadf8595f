/** The conversation in memory: everything that judging a message needs, so that no message reads more than its own row. */
import { type AccountId, type DeviceId, deviceAddressKey, type Sequence } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { LowWatermarks } from "#schema/protocol/receipt.ts";
import type { DeviceSet, ReceiptState, Watermarks } from "#schema/rpc/shared.ts";
import { LowMarks } from "./low-marks.ts";
import type { ConversationRecord, ConversationStore, Snapshot, StoredMember } from "./store.ts";

export interface DeviceState {
  active: boolean;
  delivered: Sequence;
}

export class MemberState {
  readonly account: AccountId;
  readonly username: string;
  readonly devices = new Map<DeviceId, DeviceState>();
  listVersion: number;
  setEpoch: number;
  read: Sequence;
  /** Content messages that are not unread: those up to the read watermark and own ones after it. */
  unreadBase: number;
  /** Newest own content message; at least that. */
  sentSeq: Sequence;
  /** Place in the log of the operation that brought it in; 0 in a direct conversation. */
  joinedSeq: Sequence;
  joinedEpoch: number;
  /** Its inbox has confirmed everything up to here. */
  notified: Sequence = 0;

  constructor(stored: StoredMember) {
    this.account = stored.account;
    this.username = stored.username;
    this.listVersion = stored.listVersion;
    this.setEpoch = stored.setEpoch;
    this.read = stored.readSeq;
    this.unreadBase = stored.unreadBase;
    this.sentSeq = stored.sentSeq;
    this.joinedSeq = stored.joinedSeq;
    this.joinedEpoch = stored.joinedEpoch;
  }

  /** The watermark of the furthest device: one device that has a message is enough for "delivered". */
  get delivered(): Sequence {
    let furthest = 0;
    for (const device of this.devices.values()) furthest = Math.max(furthest, device.delivered);
    return furthest;
  }

  /** Everything up to here was before this member's time. */
  get floor(): Sequence {
    return Math.max(0, this.joinedSeq - 1);
  }

  get watermarks(): Watermarks {
    return { account: this.account, delivered: this.delivered, read: this.read };
  }

  /** Whether each of its active devices is among these. */
  isEveryDeviceIn(live: ReadonlySet<DeviceId> = new Set()): boolean {
    for (const [device, { active }] of this.devices) if (active && !live.has(device)) return false;
    return true;
  }

  isActive(device: DeviceId): boolean {
    return this.devices.get(device)?.active === true;
  }
}

export class ConversationState {
  readonly members = new Map<AccountId, MemberState>();
  readonly lowMarks = new LowMarks(() => this.members.values());
  record: ConversationRecord;
  lastSeq: Sequence;
  lastTimeMs: number;
  /** Entries without content so far. */
  silentCount: number;
  /** Newest operation of a group; 0 in a direct conversation. */
  epoch: number;
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
    this.epoch = snapshot.epoch;
    const counted = new Map(snapshot.members.map(({ account, baseSeq }) => [account, baseSeq]));
    for (const stored of snapshot.members) this.members.set(stored.account, new MemberState(stored));
    for (const { seq, account } of snapshot.uncounted) {
      const member = this.members.get(account);
      if (member === undefined) continue;
      const isNew = seq > (counted.get(account) ?? 0);
      this.#sent(member, seq, isNew ? 1 : 0);
    }
    for (const { account, device, active, deliveredSeq } of snapshot.devices) {
      this.members.get(account)?.devices.set(device, { active, delivered: deliveredSeq });
    }
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

  applySet(member: MemberState, set: DeviceSet): void {
    member.listVersion = set.version;
    member.setEpoch = set.epoch;
    for (const device of member.devices.values()) device.active = false;
    for (const device of set.devices) {
      member.devices.set(device, { active: true, delivered: member.devices.get(device)?.delivered ?? 0 });
    }
    this.#recipients = undefined;
    this.#lowestDelivered = undefined;
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
