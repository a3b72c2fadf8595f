import { type Bytes, sameBytes } from "#schema/envelope/bytes.ts";
import { type GroupChange } from "#schema/envelope/group-change.ts";
import {
  encodeGroupOp,
  encodeGroupOpTbs,
  groupIdInput,
  type GroupOp,
  groupOpHashInput,
  groupOpMessage,
  parseGroupOp,
} from "#schema/envelope/group-op.ts";
import { applyGroupOp, assertGroupResult, type GroupHead } from "#schema/envelope/group-rules.ts";
import {
  findGroupMember,
  type GroupState,
  groupStateHashInput,
  groupStateParts,
} from "#schema/envelope/group-state.ts";
import { type OwnDevice } from "../device-identity.ts";
import { assertOr, CryptoError, parsing } from "../errors.ts";
import { type Provider } from "../provider.ts";
import { isInviteProven } from "./invite-proof.ts";

/** What is remembered of one epoch. */
export interface EpochMark {
  readonly stateHash: Uint8Array;
  /** As it was then. */
  readonly rotationEpoch: number;
}

/** A time in which an account was a member, over now. */
export interface PastMembership {
  readonly accountId: Uint8Array;
  readonly fromEpoch: number;
  /** The epoch that removed it. */
  readonly untilEpoch: number;
}

/** A group's verified operations, executed: the newest state, and what older messages are checked against. */
export interface GroupHistory {
  readonly head: GroupHead;
  /** The newest epochs, oldest first, the head's last; at most 1,024. */
  readonly marks: readonly EpochMark[];
  readonly left: readonly PastMembership[];
}

/**
 * The device signing key that may have signed `op`: of a device that the actor's verified device list names as active, or, for operations
 * from before this client knew the group, named at all. `undefined` refuses the operation.
 */
export type GroupSigner = (op: GroupOp) => Uint8Array | undefined;

export const epochMarksMax = 1024;

/** SHA-256 of the canonical state (CRYPTO 2.7). */
function groupStateHash(provider: Provider, state: GroupState): Bytes {
  const parts = groupStateParts(state);
  const hashes = { settings: provider.sha256(parts.settings), invite: provider.sha256(parts.invite) };
  return provider.sha256(groupStateHashInput(state, hashes));
}

/**
 * Makes and signs the next operation, or the first one of a new group, whose id comes from it. It counts once the server has accepted
 * it: then it goes through `extendGroupHistory` like everybody's. Throws `GroupRefusal` when the rules do not allow it.
 */
export function createGroupOp(
  provider: Provider,
  own: OwnDevice,
  history: GroupHistory | undefined,
  change: GroupChange,
  nowMs: number,
): GroupOp {
  const blank = new Uint8Array(32);
  const draft = {
    groupId: history?.head.state.groupId ?? blank.subarray(16),
    epoch: (history?.head.state.epoch ?? 0) + 1,
    prevHash: history?.head.opHash ?? blank,
    actorAccountId: own.cert.accountId,
    actorDeviceId: own.cert.deviceId,
    issuedAtMs: nowMs,
    change,
    stateHash: blank,
  };
  const unsigned = parseGroupOp(encodeGroupOp(encodeGroupOpTbs(draft), new Uint8Array(64)));
  const stateHash = groupStateHash(provider, applyGroupOp(history?.head, unsigned));
  const content = { ...draft, stateHash };
  const groupId = history === undefined ? groupIdOf(provider, encodeGroupOpTbs(content)) : content.groupId;
  const tbs = encodeGroupOpTbs({ ...content, groupId });
  return parseGroupOp(encodeGroupOp(tbs, provider.sign(own.keys.dsk.secret, groupOpMessage(tbs))));
}

/**
 * Verifies and executes consecutive operations on top of what is known, or from the creation on.
 * Throws `CryptoError` MALFORMED, UNSUPPORTED_VERSION or BAD_SIGNATURE, and `GroupRefusal` (among others STALE_EPOCH and BROKEN_CHAIN:
 * operations are withheld or reordered; STATE_MISMATCH). Nothing is changed by a refusal.
 */
export function extendGroupHistory(
  provider: Provider,
  history: GroupHistory | undefined,
  operations: readonly Uint8Array[],
  signerOf: GroupSigner,
): GroupHistory {
  let known = history;
  for (const bytes of operations) {
    const op = parsing(() => parseGroupOp(bytes));
    const signer = signerOf(op);
    const isSigned = signer !== undefined && provider.verify(signer, groupOpMessage(op.tbs), op.sig);
    assertOr(isSigned, "BAD_SIGNATURE", "group operation: not signed by a device of its actor");
    const { actorAccountId, change, groupId } = op;
    const isInvited = change.type !== "join" || isInviteProven(provider, groupId, change, actorAccountId);
    assertOr(isInvited, "BAD_SIGNATURE", "group operation: the invite was not known");
    known = executed(provider, known, op);
  }
  if (known === undefined) throw new CryptoError("MALFORMED", "group operations: none");
  return known;
}

/** What is known of an epoch. Throws `CryptoError` EPOCH_AHEAD (fetch operations) or STALE_EPOCH (too long ago). */
export function stateAt(history: GroupHistory, epoch: number): EpochMark {
  const { head, marks } = history;
  assertOr(epoch <= head.state.epoch, "EPOCH_AHEAD", "group: operations are missing");
  const mark = marks[marks.length - 1 - (head.state.epoch - epoch)];
  if (mark === undefined) throw new CryptoError("STALE_EPOCH", "group: a state of too long ago");
  return mark;
}

/** Whether the account was a member at an epoch that `stateAt` knows. */
export function wasMember(history: GroupHistory, accountId: Uint8Array, epoch: number): boolean {
  const member = findGroupMember(history.head.state, accountId);
  if (member !== undefined && member.joinedEpoch <= epoch) return true;
  return history.left.some(
    (past) => past.fromEpoch <= epoch && epoch < past.untilEpoch && sameBytes(past.accountId, accountId),
  );
}

function executed(provider: Provider, history: GroupHistory | undefined, op: GroupOp): GroupHistory {
  const state = applyGroupOp(history?.head, op);
  const stateHash = groupStateHash(provider, state);
  const groupId = history === undefined ? groupIdOf(provider, op.tbs) : op.groupId;
  assertGroupResult(op, { stateHash, groupId });
  const mark = { stateHash, rotationEpoch: state.rotationEpoch };
  const marks = [...(history?.marks ?? []), mark].slice(-epochMarksMax);
  const oldestEpoch = state.epoch - marks.length + 1;
  const gone = history === undefined ? [] : membersGone(history.head.state, state);
  const left = [...(history?.left ?? []), ...gone].filter(({ untilEpoch }) => untilEpoch > oldestEpoch);
  return { head: { state, opHash: provider.sha256(groupOpHashInput(op.bytes)) }, marks, left };
}

function membersGone(before: GroupState, after: GroupState): PastMembership[] {
  if (after.rotationEpoch !== after.epoch) return [];
  return before.members
    .filter(({ accountId }) => findGroupMember(after, accountId) === undefined)
    .map(({ accountId, joinedEpoch }) => ({
      accountId,
      fromEpoch: joinedEpoch,
      untilEpoch: after.epoch,
    }));
}

function groupIdOf(provider: Provider, createTbs: Uint8Array): Bytes {
  return provider.sha256(groupIdInput(createTbs)).slice(0, 16);
}
