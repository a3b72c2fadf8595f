/** What a person does with groups; see `ClientApi`. Every change is a signed operation that all members check (CRYPTO 2.7). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { compareBytes } from "#schema/envelope/bytes.ts";
import type { GroupChange, GroupRole } from "#schema/envelope/group-change.ts";
import type { GroupOp } from "#schema/envelope/group-op.ts";
import { GroupRefusal, type GroupRefusalCode } from "#schema/envelope/group-rules.ts";
import { SottoError } from "#schema/errors.ts";
import { createGroup as createGroupRoute, postOperation } from "#schema/http/groups.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { ClientError, type ClientErrorCode } from "./client-api.ts";
import { asNotFound } from "./client-error.ts";
import { createGroupOp } from "./crypto/group/group-history.ts";
import { sealGroupSettings, settingsKeyFor } from "./crypto/group/group-settings.ts";
import { findPeople } from "./people.ts";
import { type GroupRecord, groupTable } from "./store/group-tables.ts";
import type { Records } from "./store/records.ts";
import type { Engine } from "./sync/engine.ts";
import { epochOf, extendGroup, signersOf } from "./sync/groups/group-chain.ts";
import { takeSettingsKey } from "./sync/groups/settings-taking.ts";
import type { Self } from "./sync/self.ts";
import { writeKeyEntry } from "./sync/text-sealer.ts";

const nameMaxChars = 100;
/** Operations that others made first, in a row, before a change is given up. */
const conflictsMax = 6;

/** Resolves with the new group's id once the server has accepted it. */
export async function createGroup(
  engine: Engine,
  records: Records,
  input: { readonly name: string; readonly usernames: readonly string[] },
): Promise<ConversationId> {
  const { self } = engine;
  const name = groupName(input.name);
  const people = await findPeople(engine, input.usernames);
  const settingsKey = settingsKeyFor(self.provider, undefined, undefined);
  const members = [
    { accountId: self.own.cert.accountId, role: "owner" as const },
    ...people.map(({ account }) => ({ accountId: decodeBase64url(account), role: "member" as const })),
  ].sort((a, b) => compareBytes(a.accountId, b.accountId));
  const settings = sealGroupSettings(self.provider, settingsKey, { name });
  const op = makeOp(self, undefined, { type: "create", settings, members });
  const conversationId = encodeBase64url(op.groupId) as ConversationId;
  const operation = encodeBase64url(op.bytes);
  const names = Object.fromEntries(people.map(({ account, username }) => [account, username]));
  // Before it exists: the key of its name is nowhere else.
  await records.transact(async (transaction) => {
    const placed = [{ operation, seq: 1 }];
    await transaction.get(groupTable, conversationId);
    const record = await extendGroup(
      transaction,
      self,
      conversationId,
      undefined,
      placed,
      signersOf(self, new Map()),
    );
    const taking = { transaction, self };
    const named = await takeSettingsKey(taking, conversationId, { ...record, names }, settingsKey);
    transaction.put(groupTable, conversationId, named);
  });
  const summary = await asNotFound(() => engine.call(createGroupRoute, { body: { operation } }));
  await engine.conversations.merge([summary], true);
  await handOut(engine, records, conversationId);
  return conversationId;
}

export function removeMember(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
  account: AccountId,
): Promise<void> {
  const accountIds = [decodeBase64url(account)];
  return changeGroup(engine, records, conversationId, () => ({ type: "remove", accountIds }));
}

export function setMemberRole(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
  account: AccountId,
  role: GroupRole,
): Promise<void> {
  const accountId = decodeBase64url(account);
  return changeGroup(engine, records, conversationId, () => ({ type: "role", accountId, role }));
}

export async function leaveGroup(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
): Promise<void> {
  await changeGroup(engine, records, conversationId, () => ({ type: "leave" }));
  await engine.conversations.leave(conversationId);
}

/**
 * Tells the group that a device of this account was revoked with version `listVersion` of its list, so that every sender key and the key of
 * the group's name are replaced (CRYPTO 2.7). Nothing happens when another own device was first.
 */
export function tellRevocation(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
  listVersion: number,
): Promise<void> {
  return changeGroup(engine, records, conversationId, ({ toldListVersion = 0 }) =>
    toldListVersion < listVersion ? { type: "deviceEpoch", listVersion } : undefined,
  );
}

export function dissolveGroup(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
): Promise<void> {
  return changeGroup(engine, records, conversationId, () => ({ type: "dissolve" }));
}

/**
 * Makes, signs and posts one operation on top of the newest one, again when others were first; none when `make` finds that there is nothing
 * to do. An operation whose answer was lost is found among those fetched, so that it counts once. Throws `ClientError` and `SottoError`.
 */
export async function changeGroup(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
  make: (record: GroupRecord) => Promise<GroupChange | undefined> | GroupChange | undefined,
): Promise<void> {
  const { self, chains } = engine;
  if (engine.conversations.get(conversationId)?.group === undefined) throw new ClientError("not_allowed");
  const newest = () => asNotMember(() => chains.sync(conversationId));
  let record = (await records.read(groupTable, conversationId)) ?? (await newest());
  for (let attempt = 1; attempt <= conflictsMax; attempt += 1) {
    const wanted = await make(record);
    if (wanted === undefined) return;
    // On top of what `make` has seen: what is sealed for one state may be too much for the next.
    const op = makeOp(self, record, wanted);
    const operation = encodeBase64url(op.bytes);
    try {
      const params = { conversation: conversationId };
      const { seq } = await engine.call(postOperation, { params, body: { operation } });
      await accepted(engine, records, conversationId, { operation, seq }, op);
      return;
    } catch (error) {
      if (!(error instanceof SottoError)) throw error;
      if (error.kind === "forbidden") throw new ClientError("not_allowed", { cause: error });
      if (error.kind === "not_found") throw new ClientError("not_member", { cause: error });
      const isLost = error.remedy === "retry_after";
      if (error.kind !== "group_conflict" && !isLost) throw error;
      // A fetch that was under way already may not know of what came first: then the next attempt does.
      record = await newest();
      if (isLost && isAccepted(engine, op, record)) return;
      if (isLost) throw error;
    }
  }
  throw new ClientError("group_changed");
}

/** Who was put out meanwhile does not get the group's operations any more. */
export async function asNotMember<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SottoError) || error.kind !== "not_found") throw error;
    throw new ClientError("not_member", { cause: error });
  }
}

/** The operation is in the log; here it counts from now on, its line comes with the log. */
async function accepted(
  { self }: Engine,
  records: Records,
  conversationId: ConversationId,
  placed: { readonly operation: string; readonly seq: number },
  op: GroupOp,
): Promise<void> {
  await records.transact(async (transaction) => {
    const record = await transaction.get(groupTable, conversationId);
    if (record === undefined || epochOf(record) >= op.epoch) return; // the log was faster
    const signers = signersOf(self, new Map());
    const after = await extendGroup(transaction, self, conversationId, record, [placed], signers);
    transaction.put(groupTable, conversationId, after);
  });
}

function isAccepted({ self }: Engine, op: GroupOp, { history }: GroupRecord): boolean {
  const at = history.marks.length - 1 - (history.head.state.epoch - op.epoch);
  const mark = history.marks[at];
  return mark !== undefined && self.provider.equal(mark.stateHash, op.stateHash);
}

/** Gives the sender key, and with it the key of the group's name, to whoever lacks it. */
export async function handOut(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
): Promise<void> {
  await records.transact((transaction) => writeKeyEntry(transaction, engine.self, conversationId));
  engine.outbox.kick(conversationId);
}

const refusals: Record<GroupRefusalCode, ClientErrorCode> = {
  FORBIDDEN: "not_allowed",
  NO_CHANGE: "not_allowed",
  FULL: "group_full",
  NO_INVITE: "invite_invalid",
  INVITE_EXPIRED: "invite_expired",
  NOT_MEMBER: "not_member",
  DISSOLVED: "not_member",
  STALE_EPOCH: "internal",
  BROKEN_CHAIN: "internal",
  OTHER_GROUP: "internal",
  STATE_MISMATCH: "internal",
};

function makeOp(self: Self, record: GroupRecord | undefined, wanted: GroupChange): GroupOp {
  try {
    return createGroupOp(self.provider, self.own, record?.history, wanted, self.nowMs());
  } catch (error) {
    if (error instanceof GroupRefusal) throw new ClientError(refusals[error.code], { cause: error });
    throw error;
  }
}

/** Throws `ClientError` `group_name_invalid`. */
export function groupName(text: string): string {
  const name = text.trim();
  if (name === "" || name.length > nameMaxChars) throw new ClientError("group_name_invalid");
  return name;
}
