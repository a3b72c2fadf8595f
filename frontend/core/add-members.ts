/** Bringing people into a group, with what they may read of what was said before (CRYPTO 2.7, decision 140). */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { compareBytes } from "#schema/envelope/bytes.ts";
import type { GroupChange, GroupGrant } from "#schema/envelope/group-change.ts";
import type { ConversationId } from "#schema/ids.ts";
import { ClientError, type HistoryChoice } from "./client-api.ts";
import { changeGroup, handOut } from "./group-api.ts";
import { findPeople } from "./people.ts";
import { groupTable } from "./store/group-tables.ts";
import type { Records } from "./store/records.ts";
import type { Engine } from "./sync/engine.ts";
import { planGrant } from "./sync/groups/history-grants.ts";

export async function addMembers(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
  usernames: readonly string[],
  choice: HistoryChoice = "none",
): Promise<void> {
  const people = await findPeople(engine, usernames);
  if (people.length === 0) throw new ClientError("user_not_found");
  const members = people
    .map(({ account }) => ({ accountId: decodeBase64url(account), role: "member" as const }))
    .sort((a, b) => compareBytes(a.accountId, b.accountId));
  await records.transact(async (transaction) => {
    const record = await transaction.get(groupTable, conversationId);
    if (record === undefined) return;
    const names = Object.fromEntries(people.map(({ account, username }) => [account, username]));
    transaction.put(groupTable, conversationId, { ...record, names: { ...record.names, ...names } });
  });
  await admit(engine, records, conversationId, members, choice);
}

/** Adds members, with what was chosen of earlier messages, and hands them the keys. */
export async function admit(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
  members: readonly GroupGrant[],
  choice: HistoryChoice,
): Promise<void> {
  const record = engine.conversations.get(conversationId);
  const history = record && (await planGrant({ records, keys: engine.backup }, record, choice));
  const change: GroupChange = { type: "add", members, ...(history && { history }) };
  await changeGroup(engine, records, conversationId, () => change);
  await handOut(engine, records, conversationId);
}
