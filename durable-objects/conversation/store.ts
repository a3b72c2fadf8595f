/** What the conversation core keeps, and the synchronous interface through which it keeps it. */
import type { AccountId, ClientMessageId, ConversationId, DeviceId, Sequence } from "#schema/ids.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";

export interface ConversationRecord {
  readonly conversationId: ConversationId;
  readonly kind: "direct";
  readonly archiveShard: number;
  readonly createdAtMs: number;
  readonly archivedSeq: Sequence;
  readonly sweptSeq: Sequence;
  /** Messages up to here are in the archive only. */
  readonly prunedSeq: Sequence;
}

export interface StoredMember {
  readonly account: AccountId;
  readonly username: string;
  readonly position: number;
  readonly listVersion: number;
  readonly setEpoch: number;
  readonly readSeq: Sequence;
  /** `firstMemberCount` at `readSeq`. */
  readonly readCount: number;
  readonly notifiedSeq: Sequence;
}

export interface StoredDevice {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly active: boolean;
  readonly deliveredSeq: Sequence;
}

/** One row of the log, without capsules. */
export interface StoredMessage {
  readonly seq: Sequence;
  readonly senderAccount: AccountId;
  readonly senderDevice: DeviceId;
  readonly clientMessageId: ClientMessageId;
  readonly serverTimeMs: number;
  readonly body: string;
  /** How many messages up to this one the member at position 0 has sent. */
  readonly firstMemberCount: number;
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
  /** Packs to clear at once. */
  readonly limit: number;
}

export interface Snapshot {
  readonly record: ConversationRecord;
  readonly members: readonly StoredMember[];
  readonly devices: readonly StoredDevice[];
  readonly newest: StoredMessage | undefined;
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
  create(record: ConversationRecord, members: readonly StoredMember[], sets: readonly DeviceSet[]): void;

  /** The messages with any of these ids, whoever sent them. */
  withIds(ids: readonly ClientMessageId[]): StoredMessage[];
  /** Writes what one flush accepted, in the order of their sequence numbers. */
  append(messages: readonly MessageWithCapsules[]): void;
  page(query: PageQuery): StoredMessageWithCapsule[];
  /** Ascending, just after `after`, with all capsules still kept. */
  withCapsules(after: Sequence, limit: number): MessageWithCapsules[];
  /** Undefined when the message is pruned. */
  firstMemberCountAt(seq: Sequence): number | undefined;
  /** The first message after `after` that another device than this one sent. */
  firstForeign(account: AccountId, device: DeviceId, after: Sequence): Sequence | undefined;

  saveRead(account: AccountId, seq: Sequence, count: number): void;
  saveDelivered(account: AccountId, device: DeviceId, seq: Sequence): void;
  /** Replaces the account's device set; watermarks of devices that stay are kept. */
  saveSet(set: DeviceSet): void;
  saveNotified(account: AccountId, seq: Sequence): void;
  saveArchived(seq: Sequence): void;

  /** Clears the oldest capsules that nobody waits for or that are too old, pack by pack. Returns the oldest left. */
  sweep(query: SweepQuery): CapsulePack | undefined;
  /** No capsules are kept up to here. */
  saveSwept(seq: Sequence): void;

  /** Deletes the messages up to `upTo`, for good. */
  prune(upTo: Sequence): void;

  endSession(sessionId: string, atMs: number): void;
  /** Forgets ended sessions whose access tokens have run out. */
  forgetSessions(endedBeforeMs: number): void;
  isSessionEnded(sessionId: string): boolean;
}
