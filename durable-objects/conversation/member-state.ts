/** One member in memory: its devices, watermarks and place in the conversation. */
import type { AccountId, DeviceId, Sequence } from "#schema/ids.ts";
import type { Watermarks } from "#schema/rpc/shared.ts";
import type { StoredMember } from "./store.ts";

interface DeviceState {
  active: boolean;
  delivered: Sequence;
  /** Place in the bit sets of key holders; undefined in a direct conversation. */
  readonly slot: number | undefined;
}

export class MemberState {
  readonly account: AccountId;
  readonly username: string;
  readonly devices = new Map<DeviceId, DeviceState>();
  /** In a group the role's code, 0 otherwise. */
  role: number;
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
  /** Where the earlier messages begin that it was given along; 0: none. */
  readonly historyFrom: Sequence;
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
    this.role = stored.role;
    this.joinedSeq = stored.joinedSeq;
    this.joinedEpoch = stored.joinedEpoch;
    this.historyFrom = stored.historyFrom;
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

  /** Everything up to here is not for this member, whatever it asks for. */
  get historyFloor(): Sequence {
    return this.historyFrom === 0 ? this.floor : this.historyFrom - 1;
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
