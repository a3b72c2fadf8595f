/** What the client's store keeps of groups (CRYPTO 2.7). Binary fields are base64url. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { GroupRole } from "#schema/envelope/group-change.ts";
import {
  type AccountId,
  type ClientMessageId,
  type ConversationId,
  type DeviceAddress,
  deviceAddressKey,
} from "#schema/ids.ts";
import {
  decodeGroupHistory,
  decodeOwnSenderKey,
  decodeSenderKeys,
  encodeGroupHistory,
  encodeOwnSenderKey,
  encodeSenderKeys,
} from "../crypto/group/group-codec.ts";
import type { GroupHistory } from "../crypto/group/group-history.ts";
import type { OwnSenderKey, SenderKeys } from "../crypto/group/sender-key.ts";
import type { StoredAttachment } from "./stored-files.ts";
import { jsonTable, orderedKey, type Table } from "./sealed-store.ts";

/** What an operation did, as the log shows it. */
export type StoredChange =
  | { readonly type: "created" | "removed"; readonly accounts: readonly AccountId[] }
  /** `sharedMessages`: given along of what was said before. */
  | { readonly type: "added"; readonly accounts: readonly AccountId[]; readonly sharedMessages?: number }
  | { readonly type: "left"; readonly heir?: AccountId }
  | { readonly type: "role"; readonly account: AccountId; readonly role: GroupRole }
  | { readonly type: "renamed"; readonly title?: string }
  | { readonly type: "picture"; readonly isSet: boolean }
  | { readonly type: "link"; readonly isOn: boolean }
  | { readonly type: "link_terms"; readonly needsApproval: boolean }
  | { readonly type: "joined" }
  | { readonly type: "dissolved" };

export type StoredMembership = "member" | "removed" | "left" | "dissolved";

export interface SettingsKeyRecord {
  readonly epoch: number;
  readonly key: string;
  /**
   * Made here. `kept`: before the operation that uses it was accepted, if it ever was; `due`: it was, and nobody else may have the key yet.
   */
  readonly own?: "kept" | "due";
}

/** A group's verified operations, key conversation id. */
export interface GroupRecord {
  /** May be ahead of the log: operations are also fetched by themselves. */
  readonly history: GroupHistory;
  /** Epoch of the last operation at or before the cursor of the log. */
  readonly logEpoch: number;
  readonly membership: StoredMembership;
  /** Newest first; few. */
  readonly settingsKeys: readonly SettingsKeyRecord[];
  /** The newest name that could be read. */
  readonly title: string;
  /** From the same settings as the name, where it is one that may be shown. */
  readonly picture?: StoredAttachment;
  /** What this device itself put on the server as the group's picture, and has not deleted. */
  readonly uploadedPicture?: StoredAttachment;
  /** Usernames of members, past ones included. */
  readonly names: Readonly<Record<AccountId, string>>;
  /**
   * Who contradicts the operations: `server`, or `deviceAddressKey` of a member's device that knows another state of the group
   * (attack 52). Taken out when the same one agrees again.
   */
  readonly contradictions: readonly string[];
  /** Version of this account's device list with the newest revocation that one of its devices told the group; absent: none. */
  readonly toldListVersion?: number;
}

const groupJson = jsonTable<Omit<GroupRecord, "history"> & { readonly history: string }>("groups");

export const groupTable: Table<GroupRecord> = {
  name: groupJson.name,
  encode: ({ history, ...rest }) =>
    groupJson.encode({ ...rest, history: encodeBase64url(encodeGroupHistory(history)) }),
  decode(bytes) {
    const { history, ...rest } = groupJson.decode(bytes);
    return { ...rest, history: decodeGroupHistory(decodeBase64url(history)) };
  },
};

/** An accepted operation as it was signed, key `conversation/epoch`. */
export interface GroupOperationRecord {
  readonly operation: string;
  readonly seq: number;
  /** Absent: nothing that a person is told. */
  readonly change?: StoredChange;
}
export const groupOperationTable = jsonTable<GroupOperationRecord>("group-operations");
export function groupOperationKey(conversationId: ConversationId, epoch: number): string {
  return `${conversationId}/${orderedKey(epoch)}`;
}

/** Keys of earlier messages that this device has promised and not sent yet, key `conversation/epoch` of its operation (decision 140). */
export interface HistoryShareRecord {
  readonly accounts: readonly AccountId[];
  /** Positions that are left to send: `from` up to below `below`. */
  readonly from: number;
  readonly below: number;
}
export const historyShareTable = jsonTable<HistoryShareRecord>("history-shares");

/** Sender keys of others, key `conversation/account.device`. */
export const senderKeyTable: Table<SenderKeys> = {
  name: "sender-keys",
  encode: encodeSenderKeys,
  decode: decodeSenderKeys,
};
export function senderKeyKey(conversationId: ConversationId, { account, device }: DeviceAddress): string {
  return `${conversationId}/${deviceAddressKey(account, device)}`;
}

/** This device's sender key, key conversation id. */
export const ownSenderKeyTable: Table<OwnSenderKey> = {
  name: "own-sender-keys",
  encode: encodeOwnSenderKey,
  decode: decodeOwnSenderKey,
};

/** Who was given the own sender key, key conversation id. Apart from the key, which changes with every message. */
export interface SenderKeyHolders {
  /** `deviceAddressKey`s. */
  readonly devices: readonly string[];
  /** The server or a new settings key asks for another sender key before anything else is sent. */
  readonly mustRotate: boolean;
  /** The key of the group's settings that was due when this sender key was made, and goes along with it. */
  readonly settingsKey?: string;
}
export const senderKeyHoldersTable = jsonTable<SenderKeyHolders>("sender-key-holders");

/** A finished key entry that goes before an outbox message, key `conversation/position/n`; gone with that message. */
export interface KeyEntryRecord {
  readonly clientMessageId: ClientMessageId;
  readonly frame: string;
  readonly devices: readonly DeviceAddress[];
}
export const keyEntryTable = jsonTable<KeyEntryRecord>("key-entries");
export function keyEntryKey(conversationId: ConversationId, position: number, n: number): string {
  return `${conversationId}/${orderedKey(position)}/${orderedKey(n)}`;
}
