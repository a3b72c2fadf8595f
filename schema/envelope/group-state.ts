import { type Bytes, compareBytes, concat, Writer } from "./bytes.ts";
import { type GroupGrant, groupRoles } from "./group-change.ts";
import { encodeInvite, type GroupInvite } from "./group-invite.ts";
import { label } from "./labels.ts";

export interface GroupMember extends GroupGrant {
  /** Epoch of the operation that brought the account in. */
  readonly joinedEpoch: number;
}

/** What a group is after an operation; everyone computes it from the operations (CRYPTO 2.7, decision 070). */
export interface GroupState {
  /** 16 bytes. */
  readonly groupId: Uint8Array;
  readonly epoch: number;
  /** By increasing account id. */
  readonly members: readonly GroupMember[];
  /** Sealed settings; empty when there are none. */
  readonly settings: Uint8Array;
  /** Epoch of the operation that set `settings`. */
  readonly settingsEpoch: number;
  /** In force. */
  readonly invite?: GroupInvite;
  /** In place of `invite`: somebody was removed since, who may know its secret, and nobody comes in by it any more. */
  readonly endedInvite?: GroupInvite;
  readonly isDissolved: boolean;
  /** Epoch of the last remove, leave or deviceEpoch, or 0: sender keys from before it are dead. */
  readonly rotationEpoch: number;
}

/** The bytes whose SHA-256 goes into the canonical state: settings, and the invite's payload or nothing. */
export function groupStateParts(state: GroupState): { readonly settings: Bytes; readonly invite: Bytes } {
  const { invite = state.endedInvite, settings } = state;
  return {
    settings: Uint8Array.from(settings),
    invite: invite === undefined ? new Uint8Array(0) : encodeInvite(invite),
  };
}

/**
 * stateHash is SHA-256 of this: `L("group-state") ‖ n u16 | n × (account 16 | role u8 | joinedEpoch u32) | H(settings) | H(invite) |
 * dissolved u8`. `hashes` are SHA-256 of `groupStateParts`. The group id is not in it, so that the create operation can name its hash.
 */
export function groupStateHashInput(
  state: GroupState,
  hashes: { readonly settings: Uint8Array; readonly invite: Uint8Array },
): Bytes {
  const writer = new Writer().u16(state.members.length);
  for (const { accountId, role, joinedEpoch } of state.members) {
    writer.bytes(accountId, 16).u8(groupRoles[role]).u32(joinedEpoch);
  }
  writer
    .bytes(hashes.settings, 32)
    .bytes(hashes.invite, 32)
    .u8(state.isDissolved ? 1 : 0);
  return concat(label("group-state"), writer.done());
}

/** The member with this account id, or `undefined`. */
export function findGroupMember(state: GroupState, accountId: Uint8Array): GroupMember | undefined {
  const { members } = state;
  let [from, to] = [0, members.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    const order = compareBytes(members[middle]!.accountId, accountId);
    if (order === 0) return members[middle];
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return undefined;
}
