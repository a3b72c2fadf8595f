/** The conversation in memory: everything that judging a message needs, so that no message reads more than its own row. */
import { type AccountId, type DeviceId, deviceAddressKey, type Sequence } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { DeviceSet, Watermarks } from "#schema/rpc/shared.ts";
import type { ConversationRecord, Snapshot, StoredMember } from "./store.ts";

export interface DeviceState {
  active: boolean;
  delivered: Sequence;
}

export class MemberState {
  readonly account: AccountId;
  readonly username: string;
  readonly position: number;
  readonly devices = new Map<DeviceId, DeviceState>();
  listVersion: number;
  setEpoch: number;
  read: Sequence;
  /** `firstMemberCount` at the read watermark. */
  readCount: number;
  notified: Sequence;

  constructor(stored: StoredMember) {
    this.account = stored.account;
    this.username = stored.username;
    this.position = stored.position;
    this.listVersion = stored.listVersion;
    this.setEpoch = stored.setEpoch;
    this.read = stored.readSeq;
    this.readCount = stored.readCount;
    this.notified = stored.notifiedSeq;
  }

  /** The watermark of the furthest device: one device that has a message is enough for "delivered". */
  get delivered(): Sequence {
    let furthest = 0;
    for (const device of this.devices.values()) furthest = Math.max(furthest, device.delivered);
    return furthest;
  }

  get watermarks(): Watermarks {
    return { account: this.account, delivered: this.delivered, read: this.read };
  }

  isActive(device: DeviceId): boolean {
    return this.devices.get(device)?.active === true;
  }
}

export class ConversationState {
  readonly members = new Map<AccountId, MemberState>();
  record: ConversationRecord;
  lastSeq: Sequence;
  lastTimeMs: number;
  /** Messages that the member at position 0 has sent. */
  firstMemberCount: number;
  /** Address keys of the devices that must be able to read, for the frames of any sender. */
  #recipients: ReadonlySet<string> | undefined;

  constructor(snapshot: Snapshot) {
    this.record = snapshot.record;
    this.lastSeq = snapshot.newest?.seq ?? 0;
    this.lastTimeMs = snapshot.newest?.serverTimeMs ?? snapshot.record.createdAtMs;
    this.firstMemberCount = snapshot.newest?.firstMemberCount ?? 0;
    for (const stored of snapshot.members) this.members.set(stored.account, new MemberState(stored));
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
  }

  /** Everything up to here has reached every device that must get it. */
  get deliveredToAll(): Sequence {
    let lowest = this.lastSeq;
    for (const member of this.members.values()) {
      for (const device of member.devices.values()) {
        if (device.active) lowest = Math.min(lowest, device.delivered);
      }
    }
    return lowest;
  }

  hasSent(member: MemberState): boolean {
    return (member.position === 0 ? this.firstMemberCount : this.lastSeq - this.firstMemberCount) > 0;
  }

  /** Messages of the other member after `member.read`. */
  unread(member: MemberState): number {
    const byFirst = this.firstMemberCount - member.readCount;
    const after = this.lastSeq - member.read;
    const unread = member.position === 0 ? after - byFirst : byFirst;
    return Math.max(0, Math.min(unread, limits.unreadMax));
  }
}
