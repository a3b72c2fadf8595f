/** What the client does with groups; see `ClientApi`. */
import type { GroupRole } from "#schema/envelope/group-change.ts";
import type { AccountId, ConversationId, Sequence } from "#schema/ids.ts";
import {
  ClientError,
  type GroupConversationView,
  type GroupView,
  type MessageInfoView,
} from "./client-api.ts";
import type { Records } from "./store/records.ts";
import type { Engine } from "./sync/engine.ts";

export function createGroup(
  _engine: Engine,
  _records: Records,
  _input: { readonly name: string; readonly usernames: readonly string[] },
): Promise<GroupConversationView> {
  return Promise.reject(new ClientError("internal"));
}

export function viewGroup(_engine: Engine, _conversationId: ConversationId): Promise<GroupView> {
  return Promise.reject(new ClientError("internal"));
}

export function renameGroup(_engine: Engine, _conversationId: ConversationId, _name: string): Promise<void> {
  return Promise.reject(new ClientError("internal"));
}

export function addMembers(
  _engine: Engine,
  _conversationId: ConversationId,
  _usernames: readonly string[],
): Promise<void> {
  return Promise.reject(new ClientError("internal"));
}

export function removeMember(
  _engine: Engine,
  _conversationId: ConversationId,
  _account: AccountId,
): Promise<void> {
  return Promise.reject(new ClientError("internal"));
}

export function setMemberRole(
  _engine: Engine,
  _conversationId: ConversationId,
  _account: AccountId,
  _role: GroupRole,
): Promise<void> {
  return Promise.reject(new ClientError("internal"));
}

export function leaveGroup(_engine: Engine, _conversationId: ConversationId): Promise<void> {
  return Promise.reject(new ClientError("internal"));
}

export function dissolveGroup(_engine: Engine, _conversationId: ConversationId): Promise<void> {
  return Promise.reject(new ClientError("internal"));
}

export function viewMessageInfo(
  _engine: Engine,
  _conversationId: ConversationId,
  _seq: Sequence,
): Promise<MessageInfoView> {
  return Promise.reject(new ClientError("internal"));
}
