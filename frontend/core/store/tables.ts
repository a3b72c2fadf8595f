/** Every table of the client's store: what is kept, under which key. */
import {
  type AccountId,
  type ClientMessageId,
  type ConversationId,
  type DeviceAddress,
  deviceAddressKey,
  type DeviceId,
  type SessionId,
} from "#schema/ids.ts";
import { decodePrekeySecret, encodePrekeySecret, type PrekeySecret } from "../crypto/prekeys.ts";
import type { PeerRecord } from "../crypto/session/peer-session.ts";
import { decodePeerRecord, encodePeerRecord } from "../crypto/session/record-codec.ts";
import type { StoredChange } from "./group-tables.ts";
import { jsonTable, orderedKey, type Table } from "./sealed-store.ts";
import type { StoredAttachment } from "./stored-files.ts";

export type { StoredAttachment };

/** This installation's account; one record, key `self`. Binary fields are base64url. */
export interface AccountRecord {
  /** `registering`: keys are stored, the server's answer is not: such a record is discarded at the next start. */
  readonly state: "registering" | "signed_in" | "ended";
  readonly endedReason?: "logged_out" | "security";
  readonly account: AccountId;
  readonly username: string;
  readonly deviceId: DeviceId;
  readonly sessionId: SessionId | "";
  /** `encodeOwnDevice`. */
  readonly ownDevice: string;
  /** Server time at which this device joined: older messages carry no capsule for it. */
  readonly joinedAtMs: number;
  readonly refreshToken?: string;
  /** BRK: absent where the account was entered before devices kept it. */
  readonly backupRoot?: string;
}
export const accountTable = jsonTable<AccountRecord>("account");
export const accountKey = "self";

/** Private halves of prekeys, key `kind/keyId`. */
export const prekeyTable: Table<PrekeySecret> = {
  name: "prekeys",
  encode: encodePrekeySecret,
  decode: decodePrekeySecret,
};
export function prekeyKey(kind: string, keyId: number): string {
  return `${kind}/${orderedKey(keyId)}`;
}

/** Counters of prekey upkeep; one record, key `self`. */
export const prekeyStateTable = jsonTable<{ readonly nextKeyId: number }>("prekey-state");

/** Handshakes that used a last-resort prekey, key base64url of the use, kept 45 days (CRYPTO 2.1). */
export const lastResortTable = jsonTable<{ readonly atMs: number }>("last-resort-uses");

/** Ratchet sessions, key `deviceAddressKey`. */
export const peerTable: Table<PeerRecord> = {
  name: "peers",
  encode: encodePeerRecord,
  decode: decodePeerRecord,
};

/** The verified device directory of an account, key account id. */
export interface DirectoryRecord {
  readonly username: string;
  readonly pin: { readonly version: number; readonly hash: string; readonly aik: string };
  /** The pinned list. */
  readonly list: string;
  /** Certificates of its active devices, verified. */
  readonly certificates: readonly string[];
  readonly signOuts: readonly { readonly deviceId: DeviceId; readonly statement: string }[];
}
export const directoryTable = jsonTable<DirectoryRecord>("directories");

/** What is known of a conversation, key conversation id. */
interface ConversationBase {
  readonly conversationId: ConversationId;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Newest sequence number the server told of. */
  readonly lastSeq: number;
  /** Everything in (floor, cursor] is stored here. */
  readonly floor: number;
  readonly cursor: number;
  /** False until the floor was looked for (a conversation older than this device). */
  readonly placed: boolean;
  /** Own messages sequenced beyond the cursor, because messages before them have not come yet. */
  readonly ahead: readonly number[];
  readonly readSeq: number;
  /** Messages of others in (readSeq, cursor]. */
  readonly unread: number;
  /** The server's count, shown while messages are still missing here. */
  readonly remoteUnread: number;
  readonly peerDelivered: number;
  readonly peerRead: number;
  /** Watermarks that the server may not have received yet. */
  readonly deliveredPending: boolean;
  readonly readPending: boolean;
  /** The next position in this conversation's outbox. */
  readonly nextPosition: number;
  /** Made here by `startConversation`: shown even while empty. */
  readonly startedHere: boolean;
}

export interface DirectRecord extends ConversationBase {
  readonly peer: { readonly account: AccountId; readonly username: string };
  readonly group?: undefined;
}

/** In a group `peerDelivered` and `peerRead` are what every other member has reached. */
export interface GroupConversationRecord extends ConversationBase {
  readonly peer?: undefined;
  readonly group: {
    /** The server's word: this account is out. Who is in by the signed operations is in `groupTable`. */
    readonly left: boolean;
    /** Where this account came in; 0 until that was looked for. Nothing before it is told to it but what is `given`. */
    readonly joinedSeq: number;
    /** Who added this account gave it what was said from this position on. */
    readonly given?: { readonly by: AccountId; readonly from: number };
  };
}

export type ConversationRecord = DirectRecord | GroupConversationRecord;
export const conversationTable = jsonTable<ConversationRecord>("conversations");

export type StoredContent =
  /** A position without a bubble: a repeated client message id, or a type this version does not know. */
  | { readonly type: "nothing" }
  | { readonly type: "text"; readonly text: string }
  | {
      readonly type: "attachments";
      readonly text: string;
      readonly attachments: readonly StoredAttachment[];
    }
  | { readonly type: "group_change"; readonly change: StoredChange }
  /** `body` is kept (base64url) while a repaired capsule may still open it. */
  | {
      readonly type: "unreadable";
      readonly reason: "waiting" | "before_this_device" | "broken";
      readonly body?: string;
    };

/** Key and hash of an own message's body and who it went to, kept 14 days for retries (CRYPTO 2.8). */
export interface SentKey {
  readonly key: string;
  readonly hash: string;
  readonly sentAtMs: number;
  /** In a group: none. Whoever was a member at `groupEpoch` may ask. */
  readonly devices: readonly DeviceAddress[];
  readonly groupEpoch?: number;
}

/**
 * Key and hash of a received body, for the backup and for reports. `groupEpoch`: of a group, sent at that epoch. `isSettings`: the entry is an operation,
 * and the key that of the group's settings in it.
 */
export type OpenedKey = Pick<SentKey, "key" | "hash" | "sentAtMs" | "groupEpoch"> & {
  readonly isSettings?: true;
};

/** A sequenced message, key `conversation/seq`. */
export interface StoredMessage {
  readonly conversationId: ConversationId;
  readonly seq: number;
  readonly sender: DeviceAddress;
  readonly clientMessageId: ClientMessageId;
  readonly serverTimeMs: number;
  readonly content: StoredContent;
  readonly sent?: SentKey;
  readonly opened?: OpenedKey;
  /** Opened with a key that this member handed over, who vouches for its author. */
  readonly sharedBy?: AccountId;
}
export const messageTable = jsonTable<StoredMessage>("messages");
export function messageKey(conversationId: ConversationId, seq: number): string {
  return `${conversationId}/${orderedKey(seq)}`;
}

/** Sequence number by sender device and client message id, key `conversation/account.device/id`. */
export const messageIdTable = jsonTable<{ readonly seq: number }>("message-ids");
export function messageIdKey(
  conversationId: ConversationId,
  sender: DeviceAddress,
  id: ClientMessageId,
): string {
  return `${conversationId}/${deviceAddressKey(sender.account, sender.device)}/${id}`;
}

/** An own message that is not sequenced yet, key `conversation/position`. */
export interface OutboxRecord {
  readonly conversationId: ConversationId;
  readonly clientMessageId: ClientMessageId;
  readonly position: number;
  readonly text: string;
  /** Uploaded already. */
  readonly attachments?: readonly StoredAttachment[];
  /** A key entry of a group: hands out the sender key, has no text and is shown nowhere. */
  readonly isKeyEntry?: true;
  /** The own key of a group's settings that its frame hands out, until when it is due. */
  readonly settingsKey?: string;
  readonly sentAtMs: number;
  /** Body, key and hash are empty in a group until there is a frame: they come out of the sender key's chain. */
  readonly body: string;
  readonly bodyKey: string;
  readonly bodyHash: string;
  /** The finished frame and the devices it is for; absent until encrypted, or after a refusal of its device set. */
  readonly frame?: string;
  readonly devices?: readonly DeviceAddress[];
  /** In a group: the epoch that the frame was made for. */
  readonly groupEpoch?: number;
  readonly failure?: "refused" | "identity_changed";
}
export const outboxTable = jsonTable<OutboxRecord>("outbox");
export function outboxKey(conversationId: ConversationId, position: number): string {
  return `${conversationId}/${orderedKey(position)}`;
}

/** A message whose files are sealed here and on their way to the server, key `conversation/clientMessageId`. */
export interface UploadRecord {
  readonly conversationId: ConversationId;
  readonly clientMessageId: ClientMessageId;
  readonly startedAtMs: number;
  readonly text: string;
  readonly attachments: readonly StoredAttachment[];
  /** How many of them are complete on the server, from the first. */
  readonly completed: number;
  readonly failure?: "refused" | "too_large" | "quota_exceeded";
}
export const uploadTable = jsonTable<UploadRecord>("uploads");
export function uploadKey(conversationId: ConversationId, id: ClientMessageId): string {
  return `${conversationId}/${id}`;
}

/** Sealed blobs kept on this device, key blob name. `upload`: needed until its message is sent. */
export interface BlobRecord {
  readonly blobBytes: number;
  readonly state: "upload" | "partial" | "whole";
  readonly usedAtMs: number;
}
export const blobTable = jsonTable<BlobRecord>("blobs");

/** To-device messages until `device:sent`, key id. `data` is base64url. */
export interface DeviceOutboxRecord {
  readonly id: ClientMessageId;
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly data: string;
  /** The group that makes the two devices known to each other, where there may be nothing else. */
  readonly group?: ConversationId;
}
export const deviceOutboxTable = jsonTable<DeviceOutboxRecord>("device-outbox");

/** The last to-device position applied; one record, key `self`. */
export const devicePositionTable = jsonTable<{ readonly position: number }>("device-position");

/** Retry requests made (`asked/conversation/seq`) and answered (`answered/account.device/conversation/id`). */
export interface RetryRecord {
  readonly count: number;
  readonly lastAtMs: number;
  /** base64url envelope hashes already dealt with. */
  readonly hashes: readonly string[];
}
export const retryTable = jsonTable<RetryRecord>("retries");

/** Fresh handshakes made for retries, key `deviceAddressKey`: at most one an hour. */
export const repairTable = jsonTable<{ readonly atMs: number }>("repairs");

/** Devices to which the next capsule begins a new session, key `deviceAddressKey`. */
export const renewalTable = jsonTable<{ readonly atMs: number }>("session-renewals");

/** When this device last learnt that its store had been put back, by the server's clock; one record, key `self`. */
export const wentBackTable = jsonTable<{ readonly atMs: number }>("went-back");
export const wentBackKey = "self";

/** The range of all keys that start with `prefix/`. */
export function under(prefix: string): { readonly from: string; readonly below: string } {
  return { from: `${prefix}/`, below: `${prefix}0` };
}
