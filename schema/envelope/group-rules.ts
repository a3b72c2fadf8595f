import { compareBytes, sameBytes } from "./bytes.ts";
import { type GroupGrant, groupMembersMax } from "./group-change.ts";
import { type GroupOp } from "./group-op.ts";
import { type GroupInvite, isInviteExpired, isSameInvite } from "./group-invite.ts";
import { findGroupMember, type GroupMember, type GroupState } from "./group-state.ts";

/** Why an operation does not follow a state. */
export type GroupRefusalCode =
  /** Another epoch than the next one: somebody was first, or operations are missing. */
  | "STALE_EPOCH"
  /** The right epoch, but not on top of the operation known. */
  | "BROKEN_CHAIN"
  | "OTHER_GROUP"
  | "DISSOLVED"
  /** The actor is not in the group. */
  | "NOT_MEMBER"
  /** The actor's role does not allow it, or no owner would stay. */
  | "FORBIDDEN"
  /** Adds who is in, removes who is not, or sets what is set. */
  | "NO_CHANGE"
  | "FULL"
  /** Joins by an invite that is not (or no longer) in force, or asks for approval. */
  | "NO_INVITE"
  /** Joins by an invite whose time was over when the actor signed. */
  | "INVITE_EXPIRED"
  /** Executed, but the result is not what the operation claims. */
  | "STATE_MISMATCH";

/** An operation that the rules refuse. The message names the rule, never an id. */
export class GroupRefusal extends Error {
  override readonly name = "GroupRefusal";
  readonly code: GroupRefusalCode;

  constructor(code: GroupRefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The newest accepted operation of a group, executed. */
export interface GroupHead {
  readonly state: GroupState;
  /** SHA-256 of `groupOpHashInput` of that operation. */
  readonly opHash: Uint8Array;
}

/**
 * Executes one parsed operation on top of `head`, or creates a group when there is none. Signature, proof of a joiner, `stateHash` and
 * the id of a new group are the caller's to check: they need hashing (see `assertGroupResult`). Throws `GroupRefusal`.
 */
export function applyGroupOp(head: GroupHead | undefined, op: GroupOp): GroupState {
  const { change } = op;
  if (head === undefined) {
    demand(change.type === "create", "STALE_EPOCH", "the first operation creates the group");
    return created(op, change.settings, change.members);
  }
  const { state } = head;
  demand(sameBytes(op.groupId, state.groupId), "OTHER_GROUP", "of another group");
  demand(op.epoch === state.epoch + 1, "STALE_EPOCH", "not the next epoch");
  demand(sameBytes(op.prevHash, head.opHash), "BROKEN_CHAIN", "on top of another operation");
  demand(!state.isDissolved, "DISSOLVED", "the group is dissolved");
  const actor = findGroupMember(state, op.actorAccountId);
  const next = { ...state, epoch: op.epoch };
  if (change.type === "join") return { ...next, members: joined(state, actor, op, change.publicKey) };
  if (actor === undefined) throw new GroupRefusal("NOT_MEMBER", "the actor is not a member");
  switch (change.type) {
    case "create":
      throw new GroupRefusal("STALE_EPOCH", "the group exists");
    case "add":
      return { ...next, members: added(state, actor, change.members, op.epoch) };
    case "remove":
      return withoutInvite({
        ...next,
        members: removed(state, actor, change.accountIds),
        rotationEpoch: op.epoch,
      });
    case "leave":
      return left(next, actor);
    case "role":
      return { ...next, members: withRole(state, actor, change) };
    case "settings":
      demandAdmin(actor);
      demand(!sameBytes(change.settings, state.settings), "NO_CHANGE", "settings as before");
      return { ...next, settings: change.settings, settingsEpoch: op.epoch };
    case "invite":
      demandAdmin(actor);
      return withInvite(next, change.invite);
    case "deviceEpoch":
      return { ...next, rotationEpoch: op.epoch };
    case "dissolve":
      demand(actor.role === "owner", "FORBIDDEN", "only an owner dissolves");
      return { ...next, isDissolved: true };
  }
}

/**
 * Compares what was computed from an executed operation with what it claims: SHA-256 of `groupStateHashInput`, and for a create
 * operation the first 16 bytes of SHA-256 of `groupIdInput`. Throws `GroupRefusal` STATE_MISMATCH or OTHER_GROUP.
 */
export function assertGroupResult(
  op: GroupOp,
  computed: { readonly stateHash: Uint8Array; readonly groupId?: Uint8Array },
): void {
  demand(sameBytes(op.stateHash, computed.stateHash), "STATE_MISMATCH", "another result than claimed");
  if (op.change.type !== "create") return;
  const isNamed = computed.groupId !== undefined && sameBytes(op.groupId, computed.groupId);
  demand(isNamed, "OTHER_GROUP", "the id is not the operation's");
}

function created(op: GroupOp, settings: Uint8Array, grants: readonly GroupGrant[]): GroupState {
  const members = grants.map((grant) => ({ ...grant, joinedEpoch: op.epoch }));
  const state = {
    groupId: op.groupId,
    epoch: op.epoch,
    members,
    settings,
    settingsEpoch: op.epoch,
    isDissolved: false,
    rotationEpoch: 0,
  };
  const actor = findGroupMember(state, op.actorAccountId);
  demand(actor?.role === "owner", "FORBIDDEN", "who creates a group owns it");
  return state;
}

function added(
  state: GroupState,
  actor: GroupMember,
  grants: readonly GroupGrant[],
  joinedEpoch: number,
): readonly GroupMember[] {
  demandAdmin(actor);
  for (const grant of grants) {
    demand(grant.role === "member" || actor.role === "owner", "FORBIDDEN", "an admin adds members only");
    demand(findGroupMember(state, grant.accountId) === undefined, "NO_CHANGE", "is a member already");
  }
  return enlarged(
    state,
    grants.map((grant) => ({ ...grant, joinedEpoch })),
  );
}

/** Expiry is by the actor's clock, so that everyone comes to the same result; the server looks at its own as well. */
function joined(
  state: GroupState,
  actor: GroupMember | undefined,
  op: GroupOp,
  publicKey: Uint8Array,
): readonly GroupMember[] {
  demand(actor === undefined, "NO_CHANGE", "is a member already");
  const { invite } = state;
  if (invite === undefined || !sameBytes(invite.publicKey, publicKey)) {
    throw new GroupRefusal("NO_INVITE", "group operation: not the invite in force");
  }
  demand(!invite.needsApproval, "NO_INVITE", "an admin has to approve");
  demand(!isInviteExpired(invite, op.issuedAtMs), "INVITE_EXPIRED", "the invite is over");
  return enlarged(state, [{ accountId: op.actorAccountId, role: "member", joinedEpoch: op.epoch }]);
}

function enlarged(state: GroupState, coming: readonly GroupMember[]): readonly GroupMember[] {
  const members = [...state.members, ...coming];
  demand(members.length <= groupMembersMax, "FULL", "the group is full");
  return members.sort((a, b) => compareBytes(a.accountId, b.accountId));
}

/** An invite that a removal ended does not come back: its secret is known outside. */
function withInvite(next: GroupState, wanted: GroupInvite | undefined): GroupState {
  const { invite, endedInvite, ...rest } = next;
  if (wanted === undefined) {
    demand(invite !== undefined || endedInvite !== undefined, "NO_CHANGE", "there is no invite");
    return rest;
  }
  const isOld = endedInvite !== undefined && sameBytes(endedInvite.publicKey, wanted.publicKey);
  demand(!isOld && !isSameInvite(wanted, invite), "NO_CHANGE", "invite as before");
  return { ...rest, invite: wanted };
}

function withoutInvite(next: GroupState): GroupState {
  const { invite: endedInvite, ...rest } = next;
  return endedInvite === undefined ? next : { ...rest, endedInvite };
}

function removed(
  state: GroupState,
  actor: GroupMember,
  accountIds: readonly Uint8Array[],
): readonly GroupMember[] {
  demandAdmin(actor);
  const gone = new Set<GroupMember>();
  for (const accountId of accountIds) {
    const member = findGroupMember(state, accountId);
    if (member === undefined) throw new GroupRefusal("NO_CHANGE", "is not a member");
    demand(member.role === "member" || actor.role === "owner", "FORBIDDEN", "an admin removes members only");
    gone.add(member);
  }
  const members = state.members.filter((member) => !gone.has(member));
  demandOwner(members);
  return members;
}

/** The last owner hands over to the longest-serving admin, else member; the last member dissolves the group. */
function left(next: GroupState, actor: GroupMember): GroupState {
  const rotationEpoch = next.epoch;
  const members = next.members.filter(({ accountId }) => !sameBytes(accountId, actor.accountId));
  if (members.length === 0) return { ...next, members, rotationEpoch, isDissolved: true };
  if (members.some(({ role }) => role === "owner")) return { ...next, members, rotationEpoch };
  const admins = members.filter(({ role }) => role === "admin");
  const heir = (admins.length > 0 ? admins : members).reduce((first, other) =>
    other.joinedEpoch < first.joinedEpoch ? other : first,
  );
  return { ...next, members: replaced(members, heir, { ...heir, role: "owner" }), rotationEpoch };
}

function withRole(state: GroupState, actor: GroupMember, grant: GroupGrant): readonly GroupMember[] {
  demand(actor.role === "owner", "FORBIDDEN", "only an owner changes roles");
  const member = findGroupMember(state, grant.accountId);
  if (member === undefined) throw new GroupRefusal("NO_CHANGE", "is not a member");
  demand(member.role !== grant.role, "NO_CHANGE", "has that role");
  const members = replaced(state.members, member, { ...member, role: grant.role });
  demandOwner(members);
  return members;
}

function replaced(
  members: readonly GroupMember[],
  old: GroupMember,
  member: GroupMember,
): readonly GroupMember[] {
  return members.map((each) => (each === old ? member : each));
}

function demandAdmin(actor: GroupMember): void {
  demand(actor.role !== "member", "FORBIDDEN", "only admins and owners do that");
}

function demandOwner(members: readonly GroupMember[]): void {
  const hasOwner = members.some(({ role }) => role === "owner");
  demand(hasOwner, "FORBIDDEN", "an owner must stay");
}

function demand(condition: boolean, code: GroupRefusalCode, rule: string): asserts condition {
  if (!condition) throw new GroupRefusal(code, `group operation: ${rule}`);
}
