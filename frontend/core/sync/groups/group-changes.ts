/** What operations do, as the store keeps it: the line in the log, the membership of this account, the readable name. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { sameBytes } from "#schema/envelope/bytes.ts";
import type { GroupInvite } from "#schema/envelope/group-invite.ts";
import type { GroupOp } from "#schema/envelope/group-op.ts";
import { findGroupMember, type GroupState } from "#schema/envelope/group-state.ts";
import type { AccountId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { toStored } from "../../attachments/stored-attachment.ts";
import { isCryptoError } from "../../crypto/errors.ts";
import {
  type GroupSettings,
  openGroupSettings,
  settingsKeyEpochOf,
} from "../../crypto/group/group-settings.ts";
import type { GroupSettingsKey } from "../../crypto/group/sender-key-message.ts";
import type {
  GroupRecord,
  SettingsKeyRecord,
  StoredChange,
  StoredMembership,
} from "../../store/group-tables.ts";
import type { Self } from "../self.ts";

/** Keys of older settings that are kept: a name set before the last removal may still be the present one. */
const settingsKeysMax = 8;

/** What could be read of the settings before an operation, and of those that it sets. */
export interface SettingsChange {
  readonly before: GroupSettings | undefined;
  readonly after: GroupSettings | undefined;
}

export function accountOf(accountId: Uint8Array): AccountId {
  return encodeBase64url(accountId) as AccountId;
}

export function describeChange(
  op: GroupOp,
  before: GroupState | undefined,
  after: GroupState,
  settings: SettingsChange,
): StoredChange | undefined {
  const { change } = op;
  switch (change.type) {
    case "create": {
      const others = change.members.map(({ accountId }) => accountOf(accountId));
      return {
        type: "created",
        accounts: others.filter((account) => account !== accountOf(op.actorAccountId)),
      };
    }
    case "add":
      return {
        type: "added",
        accounts: change.members.map(({ accountId }) => accountOf(accountId)),
        ...(change.history && { sharedMessages: change.history.messages }),
      };
    case "remove":
      return { type: "removed", accounts: change.accountIds.map(accountOf) };
    case "leave": {
      const heir = after.members.find(({ accountId, role }) => {
        const old = before && findGroupMember(before, accountId);
        return role === "owner" && old?.role !== "owner";
      });
      return { type: "left", ...(heir && { heir: accountOf(heir.accountId) }) };
    }
    case "role":
      return { type: "role", account: accountOf(change.accountId), role: change.role };
    case "settings":
      return describeSettings(settings);
    case "invite":
      return describeInvite(before?.invite, change.invite);
    case "deviceEpoch":
      return undefined;
    case "dissolve":
      return { type: "dissolved" };
    case "join":
      return { type: "joined" };
  }
}

/** Settings are told by what differs; what cannot be read, or is as it was, counts as a name. */
export function describeSettings({ before, after }: SettingsChange): StoredChange {
  if (after === undefined) return { type: "renamed" };
  const [old, avatar] = [before?.avatar, after.avatar];
  const isSame =
    old === undefined || avatar === undefined
      ? old === avatar
      : sameBytes(old.blobHash, avatar.blobHash) && sameBytes(old.fileKey, avatar.fileKey);
  if (before?.name === after.name && !isSame) return { type: "picture", isSet: avatar !== undefined };
  return { type: "renamed", title: after.name };
}

function describeInvite(
  before: GroupInvite | undefined,
  after: GroupInvite | undefined,
): StoredChange | undefined {
  if (after === undefined) return { type: "link", isOn: false };
  if (before === undefined || !sameBytes(before.publicKey, after.publicKey))
    return { type: "link", isOn: true };
  const { needsApproval, expiresAtMs } = after;
  const isSealedAnew = before.needsApproval === needsApproval && before.expiresAtMs === expiresAtMs;
  return isSealedAnew ? undefined : { type: "link_terms", needsApproval };
}

/** Where `account` stands after an operation. */
export function membershipAfter(
  account: AccountId,
  before: StoredMembership,
  op: GroupOp,
  after: GroupState,
): StoredMembership {
  const isIn = findGroupMember(after, decodeBase64url(account)) !== undefined;
  if (isIn) return after.isDissolved ? "dissolved" : "member";
  if (op.change.type === "leave" && accountOf(op.actorAccountId) === account) return "left";
  return before === "left" ? "left" : "removed";
}

/** The group's settings, when one of the known keys opens them. */
export function trySettings(
  self: Self,
  sealed: Uint8Array,
  keys: GroupRecord["settingsKeys"],
): GroupSettings | undefined {
  try {
    const epoch = settingsKeyEpochOf(sealed);
    for (const known of keys.filter((each) => each.epoch === epoch)) {
      const settings = tryOpen(self, known, sealed);
      if (settings !== undefined) return settings;
    }
    return undefined;
  } catch (error) {
    if (isCryptoError(error)) return undefined;
    throw error;
  }
}

function tryOpen(
  self: Self,
  { epoch, key }: SettingsKeyRecord,
  sealed: Uint8Array,
): GroupSettings | undefined {
  try {
    return openGroupSettings(self.provider, { epoch, key: decodeBase64url(key) }, sealed);
  } catch (error) {
    if (isCryptoError(error)) return undefined;
    throw error;
  }
}

/** The record with a key more. Two devices may have made one for the same operation, so that epochs repeat. */
export function withSettingsKey(record: GroupRecord, key: SettingsKeyRecord): GroupRecord {
  const settingsKeys = [key, ...record.settingsKeys].sort((a, b) => b.epoch - a.epoch);
  return { ...record, settingsKeys: settingsKeys.slice(0, settingsKeysMax) };
}

/** What is shown of the settings. A picture that its maker says is too large is none (attack 60). */
export function withSettings(
  { picture: _earlier, ...record }: GroupRecord,
  { name, avatar }: GroupSettings,
): GroupRecord {
  const isShown = avatar !== undefined && avatar.sizeBytes <= limits.groupPictureBytes;
  return { ...record, title: name, ...(isShown && { picture: toStored(avatar) }) };
}

/** The key of the present settings, where it is known here. */
export function presentKey(
  self: Self,
  { history, settingsKeys }: GroupRecord,
): SettingsKeyRecord | undefined {
  const { settings } = history.head.state;
  return settingsKeys.find((known) => trySettings(self, settings, [known]) !== undefined);
}

/** A settings key of this device is in use from now on, and the others need it. */
export function withDue(self: Self, record: GroupRecord): GroupRecord {
  const used = presentKey(self, record);
  if (used?.own !== "kept") return record;
  const settingsKeys = record.settingsKeys.map((key) =>
    key === used ? { ...key, own: "due" as const } : key,
  );
  return { ...record, settingsKeys };
}

/** The key of settings that this device made and owes to the others. */
export function dueKey({ settingsKeys }: Pick<GroupRecord, "settingsKeys">): SettingsKeyRecord | undefined {
  return settingsKeys.findLast(({ own }) => own === "due");
}

/**
 * The key of settings that goes along with a sender key: one that is due, else that of the present ones; random bytes when it is not known
 * here.
 */
export function settingsKeyToGive(self: Self, record: GroupRecord): GroupSettingsKey {
  const known = dueKey(record) ?? presentKey(self, record);
  return known === undefined ? { epoch: 1, key: self.provider.random(32) } : toSettingsKey(known);
}

export function toSettingsKey({ epoch, key }: SettingsKeyRecord): GroupSettingsKey {
  return { epoch, key: decodeBase64url(key) };
}
