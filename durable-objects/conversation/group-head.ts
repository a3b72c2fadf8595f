/** The newest state of a group, as it is stored and as the rules take it. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import {
  type GroupChange,
  groupRoles,
  type GroupRole,
  parseGroupChange,
} from "#schema/envelope/group-change.ts";
import type { GroupHead } from "#schema/envelope/group-rules.ts";
import { type GroupMember, type GroupState, groupStateParts } from "#schema/envelope/group-state.ts";
import { compareBytes } from "#schema/envelope/bytes.ts";
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
    invite: state.invite === undefined ? null : encodeBase64url(invite),
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
    ...(invite !== undefined && { invite }),
  };
  return { state, opHash: decodeBase64url(stored.opHash) };
}

function inviteOf(text: string): Extract<GroupChange, { type: "invite" }>["invite"] {
  const change = parseGroupChange("invite", decodeBase64url(text));
  return change.type === "invite" ? change.invite : undefined;
}
