/** What the conversation core keeps, and the synchronous interface through which it keeps it. */
import type { AccountId, ClientMessageId, ConversationId, DeviceId, Sequence } from "#schema/ids.ts";
import type { ConversationKind, DeviceSet } from "#schema/rpc/shared.ts";

export interface ConversationRecord {
  readonly conversationId: ConversationId;
  readonly kind: ConversationKind;
  readonly archiveShard: number;
  readonly createdAtMs: number;
  readonly archivedSeq: Sequence;
  readonly sweptSeq: Sequence;
  /** Messages up to here are in the archive only. */
  readonly prunedSeq: Sequence;
  /** Every inbox has confirmed everything up to here. */
  readonly toldSeq: Sequence;
  /** Messages up to here are counted in the unread bases of their senders. */
  readonly countedSeq: Sequence;
  /** Counts what kills sender keys: members that went, and devices that were revoked. */
  readonly keyGeneration: number;
}

/** The row that a group has besides: its binary fields are base64url. */
export interface StoredGroup {
  readonly epoch: number;
  readonly opHash: string;
  readonly rotationEpoch: number;
  readonly settingsEpoch: number;
  readonly settings: string;
  readonly invite: string | null;
  /** 1: a removal ended it. */
  readonly inviteEnded: number;
  readonly dissolved: number;
}

export interface StoredMember {
  readonly account: AccountId;
  readonly username: string;
  readonly listVersion: number;
  readonly setEpoch: number;
  readonly readSeq: Sequence;
  /** Content messages that are not unread for this member: those up to `readSeq` and its own after it … */
  readonly unreadBase: number;
  /** … own ones up to here, or up to `countedSeq` of the conversation. */
  readonly baseSeq: Sequence;
  /** Newest own content message among those. */
  readonly sentSeq: Sequence;
  /** In a group, 0 otherwise: the role's code, and the operation that brought it in with its place in the log. */
  readonly role: number;
  readonly joinedEpoch: number;
  readonly joinedSeq: Sequence;
  /** Where the earlier messages begin that the operation gave along; 0: none. */
  readonly historyFrom: Sequence;
}

/** A member that has seen and said nothing yet. */
export const freshMember = {
  readSeq: 0,
  unreadBase: 0,
  baseSeq: 0,
  sentSeq: 0,
  role: 0,
  joinedEpoch: 0,
  joinedSeq: 0,
  historyFrom: 0,
} as const satisfies Partial<StoredMember>;

export interface StoredDevice {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly active: boolean;
  readonly deliveredSeq: Sequence;
  /** Place in the bit sets of a group; null in a direct conversation. */
  readonly slot: number | null;
}

/** One row of the log, without capsules. */
export interface StoredMessage {
  readonly seq: Sequence;
  readonly senderAccount: AccountId;
  readonly senderDevice: DeviceId;
  readonly clientMessageId: ClientMessageId;
  readonly serverTimeMs: number;
  readonly body: string;
  /** 0: nobody reads it, as a group operation. */
  readonly content: 0 | 1;
  /** How many entries without content there are up to this one. */
  readonly silentCount: number;
  /** How many devices it was accepted for. */
  readonly devices: number;
}

/** Capsules of one message by device address key. */
export type Capsules = Readonly<Record<string, string>>;

export type MessageWithCapsules = StoredMessage & { readonly capsules: Capsules };

/** Capsules that were packed together, and are cleared together. */
export interface CapsulePack {
  readonly firstSeq: Sequence;
  readonly lastSeq: Sequence;
  readonly serverTimeMs: number;
}

export interface SweepQuery {
  /** Every device has what is up to here. */
  readonly upTo: Sequence;
  readonly olderThanMs: number;
  /** Messages whose capsules are cleared at once; a whole pack goes in any case. */
  readonly limit: number;
}

export interface Swept {
  /** Messages whose capsules went for their age although not every device had acknowledged them. */
  readonly lost: number;
  /** The oldest pack left. */
  readonly oldest: CapsulePack | undefined;
}

export interface Snapshot {
  readonly record: ConversationRecord;
  readonly members: readonly StoredMember[];
  readonly devices: readonly StoredDevice[];
  readonly newest: StoredMessage | undefined;
  /** Undefined in a direct conversation. */
  readonly group: StoredGroup | undefined;
  /** Content messages after `countedSeq`. */
  readonly uncounted: readonly { readonly seq: Sequence; readonly account: AccountId }[];
}

/** What should never happen. */
export interface Losses {
  /** Messages whose capsules expired before every device had them. */
  readonly lost: number;
  /** Messages that devices of members gave up on. */
  readonly undecryptable: number;
}

export interface StoredCount {
  readonly account: AccountId;
  readonly unreadBase: number;
  readonly sentSeq: Sequence;
}

export interface PageQuery {
  /** Ascending from just after this sequence number … */
  readonly after?: Sequence;
  /** … or the ones just before it, still in ascending order. */
  readonly before?: Sequence;
  readonly limit: number;
  /** Address key of the device whose capsules come along, if any. */
  readonly capsulesOf?: string;
}

export type StoredMessageWithCapsule = StoredMessage & { readonly capsule: string | null };

/** Every method is synchronous: what happens between two awaits of the object is one commit. */
export interface ConversationStore {
  transaction<Result>(work: () => Result): Result;
  /** Undefined while the conversation does not exist; asking writes nothing. */
  load(): Snapshot | undefined;
  /** `more` is part of the same commit. */
  create(
    record: ConversationRecord,
    members: readonly StoredMember[],
    sets: readonly DeviceSet[],
    more?: () => void,
  ): void;

  /** The messages with any of these ids, whoever sent them. */
  withIds(ids: readonly ClientMessageId[]): StoredMessage[];
  /** Writes what one flush accepted, in the order of their sequence numbers. */
  append(messages: readonly MessageWithCapsules[]): void;
  page(query: PageQuery): StoredMessageWithCapsule[];
  /** Ascending, just after `after`, with all capsules still kept. */
  withCapsules(after: Sequence, limit: number): MessageWithCapsules[];
  /** Undefined when the message is pruned. */
  silentCountAt(seq: Sequence): number | undefined;
  /** How many content messages of `account` there are after `after` up to `upTo`. */
  ownContent(account: AccountId, after: Sequence, upTo: Sequence): number;
  /** The first message after `after` that another device than this one sent. */
  firstForeign(account: AccountId, device: DeviceId, after: Sequence): Sequence | undefined;

  /** `unreadBase` holds own messages up to `baseSeq`. */
  saveRead(account: AccountId, seq: Sequence, unreadBase: number, baseSeq: Sequence): void;
  saveDelivered(account: AccountId, device: DeviceId, seq: Sequence): void;
  /** Replaces the account's device set; watermarks of devices that stay are kept. New devices of a group get `slots`. */
  saveSet(set: DeviceSet, slots?: ReadonlyMap<DeviceId, number>, keyGeneration?: number): void;
  /** Keeps the unread bases of those who sent since `countedSeq`, which moves to `upTo`; and what every inbox knows. */
  saveProgress(progress: {
    readonly upTo: Sequence;
    readonly toldSeq: Sequence;
    readonly senders: readonly StoredCount[];
  }): void;
  saveArchived(seq: Sequence): void;

  /** Clears the oldest capsules that nobody waits for or that are too old, pack by pack. */
  sweep(query: SweepQuery): Swept;
  /** No capsules are kept up to here. */
  saveSwept(seq: Sequence): void;

  /** How many devices have acknowledged the message that got a capsule or key for it: without those that came later. */
  acknowledged(message: Pick<StoredMessage, "seq" | "senderAccount" | "senderDevice">): number;

  /** Adds to what the operator counts; returns the new totals. */
  count(losses: Losses): Losses;
  losses(): Losses;

  /** Deletes the messages up to `upTo`, for good. */
  prune(upTo: Sequence): void;

  endSession(sessionId: string, atMs: number): void;
  /** Forgets ended sessions whose access tokens have run out. */
  forgetSessions(endedBeforeMs: number): void;
  isSessionEnded(sessionId: string): boolean;
}
