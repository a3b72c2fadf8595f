/** What the app reads of groups besides their rows and messages: who is in, and where a message is. */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { GroupRole } from "#schema/envelope/group-change.ts";
import { isInviteExpired } from "#schema/envelope/group-invite.ts";
import { SottoError } from "#schema/errors.ts";
import { getDelivery } from "#schema/http/delivery.ts";
import type { AccountId, ConversationId, Sequence } from "#schema/ids.ts";
import {
  ClientError,
  type GroupConversationView,
  type GroupMemberView,
  type GroupView,
  type MessageInfoView,
} from "./client-api.ts";
import { type GroupRecord, groupTable, historyShareTable } from "./store/group-tables.ts";
import type { Records } from "./store/records.ts";
import {
  type ConversationRecord,
  deviceOutboxTable,
  type GroupConversationRecord,
  under,
} from "./store/tables.ts";
import type { Engine } from "./sync/engine.ts";
import { isContradicted } from "./sync/groups/group-chain.ts";
import { namesOf, standing, viewConversation } from "./views.ts";

const ranks: Record<GroupRole, number> = { owner: 0, admin: 1, member: 2 };

export async function viewGroup(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
): Promise<GroupView> {
  const record = groupRecord(engine, conversationId);
  const group = await records.read(groupTable, conversationId);
  const { memberCount: _count, ...shown } = standing(engine.self, record, group);
  const { epoch = 0, invite } = group?.history.head.state ?? {};
  const hasInvite = invite !== undefined && !isInviteExpired(invite, engine.self.nowMs());
  const isHandingOver = await hasPromises(records, conversationId);
  const members = membersOf(engine, record, group);
  return { conversationId, ...shown, epoch, hasInvite, isHandingOver, members };
}

export async function viewGroupConversation(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
): Promise<GroupConversationView> {
  const view = await viewConversation(engine, records, groupRecord(engine, conversationId));
  if (view.kind !== "group") throw new ClientError("internal");
  return view;
}

/** Undefined: it has none. Throws `ClientError`, `SottoError` and `DamagedFileError` as `Attachments.readPicture`. */
export async function readGroupPicture(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const picture = (await records.read(groupTable, conversationId))?.picture;
  return picture && engine.attachments.readPicture(conversationId, picture);
}

/** Throws `not_member` and `group_contradicted`. */
export async function assertWritable(records: Records, record: ConversationRecord): Promise<void> {
  if (record.group === undefined) return;
  const group = await records.read(groupTable, record.conversationId);
  const isIn = group === undefined || group.membership === "member";
  if (record.group.left || !isIn) throw new ClientError("not_member");
  if (group !== undefined && isContradicted(group)) throw new ClientError("group_contradicted");
}

export async function viewMessageInfo(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
  seq: Sequence,
): Promise<MessageInfoView> {
  const record = engine.conversations.get(conversationId);
  if (record === undefined) throw new ClientError("user_not_found");
  const nameOf = namesOf(engine, record, await records.read(groupTable, conversationId));
  try {
    const params = { conversation: conversationId, seq: String(seq) };
    const answer = await engine.call(getDelivery, { params });
    const members = answer.members.map(({ account, delivered, read }) => {
      return { account, username: nameOf(account), delivered, read };
    });
    return { devices: answer.devices, readableOn: answer.acknowledged, members };
  } catch (error) {
    if (error instanceof SottoError && error.kind === "not_found") throw new ClientError("too_old");
    throw error;
  }
}

/** Promised and not sent, or sent and not confirmed by the server. */
async function hasPromises(records: Records, conversationId: ConversationId): Promise<boolean> {
  const promised = await records.list(historyShareTable, { ...under(conversationId), limit: 1 });
  if (promised.length > 0) return true;
  return (await records.list(deviceOutboxTable)).some(({ value }) => value.group === conversationId);
}

function groupRecord(engine: Engine, conversationId: ConversationId): GroupConversationRecord {
  const record = engine.conversations.get(conversationId);
  if (record?.group === undefined) throw new ClientError("user_not_found");
  return record;
}

function membersOf(
  engine: Engine,
  record: GroupConversationRecord,
  group: GroupRecord | undefined,
): GroupMemberView[] {
  const nameOf = namesOf(engine, record, group);
  const members = group?.history.head.state.members ?? [];
  return members
    .map(({ accountId, role }) => {
      const account = encodeBase64url(accountId) as AccountId;
      const { verified } = engine.directory.book.of(account);
      return { account, username: nameOf(account), role, isMe: account === engine.self.account, verified };
    })
    .sort((a, b) => ranks[a.role] - ranks[b.role] || (a.username < b.username ? -1 : 1));
}
