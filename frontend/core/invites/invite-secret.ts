/** The secret of a group's link, as its members keep it: sealed in the operation that made the link. */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import type { GroupInvite } from "#schema/envelope/group-invite.ts";
import { isCryptoError } from "../crypto/errors.ts";
import { inviteKeyEpochOf, inviteKeyOf, openInviteSecret, sealInvite } from "../crypto/group/group-invite.ts";
import type { GroupSettingsKey } from "../crypto/group/sender-key-message.ts";
import type { GroupRecord } from "../store/group-tables.ts";
import type { Self } from "../sync/self.ts";

/** Undefined when the key that it is sealed under is not known here, or what comes out is not the link's secret. */
export function tryInviteSecret(
  { provider }: Self,
  { settingsKeys, history }: GroupRecord,
  { publicKey, sealed }: GroupInvite,
): Uint8Array | undefined {
  try {
    const epoch = inviteKeyEpochOf(sealed);
    const known = settingsKeys.find((each) => each.epoch === epoch);
    if (known === undefined) return undefined;
    const settingsKey = { epoch, key: decodeBase64url(known.key) };
    const secret = openInviteSecret(provider, history.head.state.groupId, settingsKey, sealed);
    return provider.equal(inviteKeyOf(provider, secret).pub, publicKey) ? secret : undefined;
  } catch (error) {
    if (isCryptoError(error)) return undefined;
    throw error;
  }
}

/** The same link for another settings key, so that who has it reads the group's new name. */
export function tryReseal(
  self: Self,
  record: GroupRecord,
  settingsKey: GroupSettingsKey,
): GroupInvite | undefined {
  const { groupId, invite } = record.history.head.state;
  const secret = invite && tryInviteSecret(self, record, invite);
  if (invite === undefined || secret === undefined) return undefined;
  return { ...invite, sealed: sealInvite(self.provider, { groupId, secret }, settingsKey) };
}
