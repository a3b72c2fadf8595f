/** The secret of a group's link, as its members keep it: sealed in the operation that made the link. */
import type { GroupInvite } from "#schema/envelope/group-invite.ts";
import { isCryptoError } from "../crypto/errors.ts";
import { inviteKeyEpochOf, inviteKeyOf, openInviteSecret, sealInvite } from "../crypto/group/group-invite.ts";
import type { GroupRecord, SettingsKeyRecord } from "../store/group-tables.ts";
import { presentKey, toSettingsKey } from "../sync/groups/group-changes.ts";
import type { Self } from "../sync/self.ts";

/** Undefined when the key that it is sealed under is not known here, or what comes out is not the link's secret. */
export function tryInviteSecret(
  self: Self,
  { settingsKeys, history }: GroupRecord,
  invite: GroupInvite,
): Uint8Array | undefined {
  const { groupId } = history.head.state;
  for (const key of settingsKeys) {
    const secret = tryOpen(self, groupId, key, invite);
    if (secret !== undefined) return secret;
  }
  return undefined;
}

/** The same link under the key of the present settings, so that who has it reads the group's name; undefined when it is, or cannot be. */
export function tryReseal(self: Self, record: GroupRecord): GroupInvite | undefined {
  const { groupId, invite } = record.history.head.state;
  const present = presentKey(self, record);
  if (invite === undefined || present === undefined) return undefined;
  if (tryOpen(self, groupId, present, invite) !== undefined) return undefined;
  const secret = tryInviteSecret(self, record, invite);
  if (secret === undefined) return undefined;
  return { ...invite, sealed: sealInvite(self.provider, { groupId, secret }, toSettingsKey(present)) };
}

function tryOpen(
  { provider }: Self,
  groupId: Uint8Array,
  key: SettingsKeyRecord,
  { publicKey, sealed }: GroupInvite,
): Uint8Array | undefined {
  try {
    if (inviteKeyEpochOf(sealed) !== key.epoch) return undefined;
    const secret = openInviteSecret(provider, groupId, toSettingsKey(key), sealed);
    return provider.equal(inviteKeyOf(provider, secret).pub, publicKey) ? secret : undefined;
  } catch (error) {
    if (isCryptoError(error)) return undefined;
    throw error;
  }
}
