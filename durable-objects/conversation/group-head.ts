/** The newest state of a group, as it is stored and as the rules take it. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { groupRoles, type GroupRole } from "#schema/envelope/group-change.ts";
import { type GroupInvite, readInvite } from "#schema/envelope/group-invite.ts";
import type { GroupHead } from "#schema/envelope/group-rules.ts";
import { type GroupMember, type GroupState, groupStateParts } from "#schema/envelope/group-state.ts";
import { compareBytes, Reader } from "#schema/envelope/bytes.ts";
import type { ConversationId } from "#schema/ids.ts";
import type { StoredGroup, StoredMember } from "./store.ts";

function roleOf(code: number): GroupRole {
  for (const [name, value] of Object.entries(groupRoles)) if (value === code) return name as GroupRole;
  throw new Error("a stored role is none");
}

export function storedGroup({ state, opHash }: GroupHead): StoredGroup {
  const { settings, invite } = groupStateParts(state);
  return {
    epoch: state.epoch,
    opHash: encodeBase64url(opHash),
    rotationEpoch: state.rotationEpoch,
    settingsEpoch: state.settingsEpoch,
    settings: encodeBase64url(settings),
    invite: invite.length === 0 ? null : encodeBase64url(invite),
    inviteEnded: state.endedInvite === undefined ? 0 : 1,
    dissolved: state.isDissolved ? 1 : 0,
  };
}

export function restoreGroup(
  conversationId: ConversationId,
  stored: StoredGroup,
  members: readonly StoredMember[],
): GroupHead {
  const invite = stored.invite === null ? undefined : inviteOf(stored.invite);
  const state: GroupState = {
    groupId: decodeBase64url(conversationId),
    epoch: stored.epoch,
    members: members
      .map(({ account, role, joinedEpoch }): GroupMember => {
        return { accountId: decodeBase64url(account), role: roleOf(role), joinedEpoch };
      })
      .sort((a, b) => compareBytes(a.accountId, b.accountId)),
    settings: decodeBase64url(stored.settings),
    settingsEpoch: stored.settingsEpoch,
    isDissolved: stored.dissolved === 1,
    rotationEpoch: stored.rotationEpoch,
    ...(invite !== undefined && (stored.inviteEnded === 1 ? { endedInvite: invite } : { invite })),
  };
  return { state, opHash: decodeBase64url(stored.opHash) };
}

function inviteOf(text: string): GroupInvite | undefined {
  return readInvite(new Reader(decodeBase64url(text), "stored invite"));
}
