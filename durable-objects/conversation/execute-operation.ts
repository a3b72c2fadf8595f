/** Runs an operation through the rules of schema/envelope and checks the hashes that it claims. */
import { groupIdInput, type GroupOp, groupOpHashInput } from "#schema/envelope/group-op.ts";
import {
  applyGroupOp,
  assertGroupResult,
  type GroupHead,
  GroupRefusal,
} from "#schema/envelope/group-rules.ts";
import { groupStateHashInput, groupStateParts } from "#schema/envelope/group-state.ts";
import type { Bytes } from "#schema/envelope/bytes.ts";
import { refusal } from "../support/error-events.ts";

/** The head after `op`. Throws `group_conflict`, `forbidden`, `link_over` or `malformed`. */
export async function executeOperation(before: GroupHead | undefined, op: GroupOp): Promise<GroupHead> {
  try {
    const state = applyGroupOp(before, op);
    const parts = groupStateParts(state);
    const hashes = { settings: await sha256(parts.settings), invite: await sha256(parts.invite) };
    const stateHash = await sha256(groupStateHashInput(state, hashes));
    const groupId = (await sha256(groupIdInput(op.tbs))).slice(0, 16);
    assertGroupResult(op, before === undefined ? { stateHash, groupId } : { stateHash });
    return { state, opHash: await sha256(groupOpHashInput(op.bytes)) };
  } catch (error) {
    if (!(error instanceof GroupRefusal)) throw error;
    switch (error.code) {
      case "STALE_EPOCH":
      case "BROKEN_CHAIN":
        throw refusal("group_conflict", { epoch: before?.state.epoch ?? 0 });
      case "OTHER_GROUP":
      case "STATE_MISMATCH":
        throw refusal("malformed");
      case "DISSOLVED":
      case "NOT_MEMBER":
      case "FORBIDDEN":
      case "NO_CHANGE":
      case "FULL":
      case "NO_INVITE":
        throw refusal("forbidden");
      case "INVITE_EXPIRED":
        throw refusal("link_over");
    }
  }
}

async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
