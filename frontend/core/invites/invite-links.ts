/** The link of a group in the hands of its members: shown, made, changed, ended; and who asks to be let in by it. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { isInviteExpired } from "#schema/envelope/group-invite.ts";
import { findGroupMember } from "#schema/envelope/group-state.ts";
import { SottoError } from "#schema/errors.ts";
import { listJoinRequests, refuseJoin as refuseJoinRoute } from "#schema/http/invites.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { admit } from "../add-members.ts";
import { ClientError, type HistoryChoice } from "../client-api.ts";
import { asNotFound } from "../client-error.ts";
import { formatInviteCode, inviteKeyOf, sealInvite } from "../crypto/group/group-invite.ts";
import { isInviteProven } from "../crypto/group/invite-proof.ts";
import { settingsKeyFor } from "../crypto/group/group-settings.ts";
import type { GroupSettingsKey } from "../crypto/group/sender-key-message.ts";
import { changeGroup } from "../group-api.ts";
import { renameGroup } from "../group-settings-api.ts";
import { type GroupRecord, groupTable } from "../store/group-tables.ts";
import type { Records } from "../store/records.ts";
import type { Engine } from "../sync/engine.ts";
import { presentKey, toSettingsKey } from "../sync/groups/group-changes.ts";
import type { Self } from "../sync/self.ts";
import type { InviteApi, InviteView, JoinRequestView } from "./invite-api.ts";
import { tryInviteSecret } from "./invite-secret.ts";

export async function viewInvite(
  { self }: Engine,
  records: Records,
  conversationId: ConversationId,
): Promise<InviteView | undefined> {
  const group = await records.read(groupTable, conversationId);
  const invite = group?.history.head.state.invite;
  if (group === undefined || invite === undefined || group.membership !== "member") return undefined;
  const secret = tryInviteSecret(self, group, invite);
  const { groupId } = group.history.head.state;
  return {
    code: secret && formatInviteCode({ groupId, secret }),
    needsApproval: invite.needsApproval,
    expiresAtMs: invite.expiresAtMs === 0 ? undefined : invite.expiresAtMs,
    isExpired: isInviteExpired(invite, self.nowMs()),
  };
}

export async function setInvite(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
  terms: Parameters<InviteApi["setInvite"]>[1],
): Promise<void> {
  const { self } = engine;
  const group = await records.read(groupTable, conversationId);
  const own = group && findGroupMember(group.history.head.state, self.own.cert.accountId);
  if (group === undefined || own === undefined || own.role === "member") throw new ClientError("not_allowed");
  // Somebody may have left with the key of the name: what is sealed from now on is under another.
  if (freshKey(self, group) === undefined) {
    if (group.title === "") throw new ClientError("group_changed");
    await renameGroup(engine, records, conversationId, group.title);
  }
  const created = self.provider.random(32);
  await changeGroup(engine, records, conversationId, (record) => {
    const { invite, groupId } = record.history.head.state;
    const known = terms.reset || invite === undefined ? undefined : tryInviteSecret(self, record, invite);
    const secret = known ?? created;
    const settingsKey = freshKey(self, record);
    if (settingsKey === undefined) throw new ClientError("group_changed");
    return {
      type: "invite",
      invite: {
        publicKey: inviteKeyOf(self.provider, secret).pub,
        needsApproval: terms.needsApproval,
        expiresAtMs: terms.expiresAtMs ?? 0,
        sealed: sealInvite(self.provider, { groupId, secret }, settingsKey),
      },
    };
  });
}

export function endInvite(engine: Engine, records: Records, conversationId: ConversationId): Promise<void> {
  return changeGroup(engine, records, conversationId, () => ({ type: "invite" }));
}

/** Only those are shown that prove the invite in force: the server cannot make requests up. */
export async function joinRequests(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
): Promise<JoinRequestView[]> {
  const state = (await records.read(groupTable, conversationId))?.history.head.state;
  const publicKey = state?.invite && encodeBase64url(Uint8Array.from(state.invite.publicKey));
  if (state === undefined || publicKey === undefined) return [];
  const requests = await requestsOf(engine, conversationId);
  return requests.flatMap(({ account, username, requestedAtMs, ...shown }) => {
    const isProven =
      shown.publicKey === publicKey &&
      isInviteProven(
        engine.self.provider,
        state.groupId,
        { publicKey: decodeBase64url(publicKey), proof: decodeBase64url(shown.proof) },
        decodeBase64url(account),
      );
    return isProven ? [{ account, username, requestedAtMs }] : [];
  });
}

async function requestsOf(engine: Engine, conversation: ConversationId) {
  try {
    return (await engine.call(listJoinRequests, { params: { conversation } })).requests;
  } catch (error) {
    const isNobodys =
      error instanceof SottoError && (error.kind === "forbidden" || error.kind === "not_found");
    if (isNobodys) return [];
    throw error;
  }
}

export async function approveJoin(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
  account: AccountId,
  choice: HistoryChoice = "none",
): Promise<void> {
  const waiting = await joinRequests(engine, records, conversationId);
  const request = waiting.find((each) => each.account === account);
  if (request === undefined) throw new ClientError("user_not_found");
  await records.transact(async (transaction) => {
    const record = await transaction.get(groupTable, conversationId);
    if (record === undefined) return;
    const names = { ...record.names, [account]: request.username };
    transaction.put(groupTable, conversationId, { ...record, names });
  });
  const members = [{ accountId: decodeBase64url(account), role: "member" as const }];
  await admit(engine, records, conversationId, members, choice);
}

export async function refuseJoin(
  engine: Engine,
  conversationId: ConversationId,
  account: AccountId,
): Promise<void> {
  await asNotFound(() => engine.call(refuseJoinRoute, { params: { conversation: conversationId, account } }));
}

/** The key of the present settings, unless somebody left with it. */
function freshKey(self: Self, group: GroupRecord): GroupSettingsKey | undefined {
  const present = presentKey(self, group);
  const known = present && toSettingsKey(present);
  return settingsKeyFor(self.provider, known, group.history.head.state) === known ? known : undefined;
}
