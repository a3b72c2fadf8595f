/** Earlier messages that an account was given when it was added to a group (CRYPTO 2.7, decision 140). */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { parseGroupOp } from "#schema/envelope/group-op.ts";
import { findGroupMember } from "#schema/envelope/group-state.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import type { GroupHistory } from "../../crypto/group/group-history.ts";
import {
  groupOperationKey,
  type GroupOperationRecord,
  groupOperationTable,
} from "../../store/group-tables.ts";
import type { Table } from "../../store/sealed-store.ts";
import { accountOf } from "./group-changes.ts";

/** What was given to an account when it was added, by the signed operation that did so. */
export interface GivenHistory {
  readonly by: AccountId;
  /** Positions in the log: the first one that was given, and that of the operation. */
  readonly from: number;
  readonly below: number;
}

/** What the operation gave along that brought an account into the group as it is known; undefined when it gave nothing. */
export async function givenHistory(
  source: {
    read(table: Table<GroupOperationRecord>, key: string): Promise<GroupOperationRecord | undefined>;
  },
  accountId: Uint8Array,
  conversationId: ConversationId,
  { head }: GroupHistory,
): Promise<GivenHistory | undefined> {
  const member = findGroupMember(head.state, accountId);
  if (member === undefined) return undefined;
  const key = groupOperationKey(conversationId, member.joinedEpoch);
  const stored = await source.read(groupOperationTable, key);
  if (stored === undefined) return undefined;
  const { change, actorAccountId } = parseGroupOp(decodeBase64url(stored.operation));
  const from = change.type === "add" ? change.history?.fromSeq : undefined;
  if (from === undefined || from >= stored.seq) return undefined;
  return { by: accountOf(actorAccountId), from, below: stored.seq };
}
