/** Coming into a group by its link: what it leads to, joining or asking, and what became of the asking. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { GroupRefusal } from "#schema/envelope/group-rules.ts";
import { findGroupMember } from "#schema/envelope/group-state.ts";
import { SottoError } from "#schema/errors.ts";
import { postOperation } from "#schema/http/groups.ts";
import {
  joinRequestState,
  listInvitedOperations,
  previewInvite as previewInviteRoute,
  requestJoin,
} from "#schema/http/invites.ts";
import type { ConversationId } from "#schema/ids.ts";
import { callRoute } from "../api/http.ts";
import { ClientError } from "../client-api.ts";
import { isCryptoError } from "../crypto/errors.ts";
import { createGroupOp, extendGroupHistory } from "../crypto/group/group-history.ts";
import {
  type InviteCode,
  inviteKeyOf,
  openInviteSettingsKey,
  parseInviteCode,
  proveInvite,
} from "../crypto/group/group-invite.ts";
import { openGroupSettings } from "../crypto/group/group-settings.ts";
import type { GroupSettingsKey } from "../crypto/group/sender-key-message.ts";
import type { Provider } from "../crypto/provider.ts";
import type { Environment } from "../environment.ts";
import { handOut } from "../group-api.ts";
import { groupTable } from "../store/group-tables.ts";
import type { Records } from "../store/records.ts";
import type { Engine } from "../sync/engine.ts";
import { epochOf, extendGroup, type PlacedOperation } from "../sync/groups/group-chain.ts";
import { takeSettingsKey } from "../sync/groups/settings-taking.ts";
import { pendingJoinTable } from "./pending-join-table.ts";
import type { InviteApi, InvitePreviewView, InviteStanding, PendingJoinView } from "./invite-api.ts";

/** Operations that others made first, in a row, before joining is given up. */
const conflictsMax = 6;

interface Seen {
  readonly code: InviteCode;
  readonly conversationId: ConversationId;
  /** base64url. */
  readonly publicKey: string;
  readonly needsApproval: boolean;
  readonly memberCount: number;
  readonly title: string;
  readonly settingsKey: GroupSettingsKey | undefined;
}

export async function previewInvite(
  environment: Environment,
  engine: Engine | undefined,
  link: string,
): Promise<InvitePreviewView> {
  const seen = await look(environment, link);
  const { conversationId, title, memberCount, needsApproval } = seen;
  const standing = engine === undefined ? "open" : await standingOf(engine, seen);
  return { conversationId, avatarSeed: conversationId, title, memberCount, needsApproval, standing };
}

export async function acceptInvite(
  environment: Environment,
  engine: Engine,
  records: Records,
  link: string,
): ReturnType<InviteApi["acceptInvite"]> {
  const seen = await look(environment, link);
  const { conversationId } = seen;
  if (!seen.needsApproval) {
    await join(engine, records, seen);
    return { state: "joined", conversationId };
  }
  if (isMember(engine, conversationId)) return { state: "joined", conversationId };
  const { self } = engine;
  const { proof } = proveInvite(self.provider, seen.code, self.own.cert.accountId);
  const body = { publicKey: seen.publicKey, proof: encodeBase64url(proof) };
  const { state } = await asInvite(() =>
    engine.call(requestJoin, { params: { conversation: conversationId }, body }),
  );
  if (state === "refused") throw new ClientError("join_refused");
  await records.transact(async (transaction) => {
    const { publicKey, title } = seen;
    await transaction.get(pendingJoinTable, conversationId);
    transaction.put(pendingJoinTable, conversationId, { publicKey, title });
  });
  return { state: "waiting", conversationId };
}

/** Those that led into the group are forgotten. */
export async function pendingJoins(engine: Engine, records: Records): Promise<PendingJoinView[]> {
  const views: PendingJoinView[] = [];
  for (const { key, value } of await records.list(pendingJoinTable)) {
    const conversationId = key as ConversationId;
    const { publicKey, title } = value;
    if (isMember(engine, conversationId)) await forgetJoin(records, conversationId);
    else views.push({ conversationId, title, state: await pendingState(engine, conversationId, publicKey) });
  }
  return views;
}

export async function forgetJoin(records: Records, conversationId: ConversationId): Promise<void> {
  await records.transact(async (transaction) => {
    if ((await transaction.get(pendingJoinTable, conversationId)) === undefined) return;
    transaction.delete(pendingJoinTable, conversationId);
  });
}

async function pendingState(
  engine: Engine,
  conversation: ConversationId,
  publicKey: string,
): Promise<PendingJoinView["state"]> {
  try {
    const { state } = await engine.call(joinRequestState, { params: { conversation }, body: { publicKey } });
    return state === "none" ? "over" : state;
  } catch (error) {
    if (!(error instanceof SottoError)) throw error;
    return error.kind === "not_found" || error.kind === "link_over" ? "over" : "waiting";
  }
}

async function look(environment: Environment, link: string): Promise<Seen> {
  const { provider } = environment;
  const code = parseLink(link);
  const conversationId = encodeBase64url(Uint8Array.from(code.groupId)) as ConversationId;
  const publicKey = encodeBase64url(Uint8Array.from(inviteKeyOf(provider, code.secret).pub));
  const params = { conversation: conversationId };
  const told = await asInvite(() =>
    callRoute(environment, previewInviteRoute, { params, body: { publicKey } }),
  );
  const { needsApproval, members: memberCount } = told;
  return { code, conversationId, publicKey, needsApproval, memberCount, ...tryName(provider, code, told) };
}

function parseLink(link: string): InviteCode {
  try {
    return parseInviteCode(link);
  } catch (error) {
    if (isCryptoError(error)) throw new ClientError("invite_invalid", { cause: error });
    throw error;
  }
}

/** The name, where the link (still) opens it. */
function tryName(
  provider: Provider,
  code: InviteCode,
  told: { readonly settings: string; readonly sealed: string },
): Pick<Seen, "title" | "settingsKey"> {
  try {
    const settingsKey = openInviteSettingsKey(provider, code, decodeBase64url(told.sealed));
    const { name } = openGroupSettings(provider, settingsKey, decodeBase64url(told.settings));
    return { title: name, settingsKey };
  } catch (error) {
    if (isCryptoError(error)) return { title: "", settingsKey: undefined };
    throw error;
  }
}

async function standingOf(engine: Engine, seen: Seen): Promise<InviteStanding> {
  const { conversationId, publicKey, needsApproval } = seen;
  if (isMember(engine, conversationId)) return "member";
  if (!needsApproval) return "open";
  const params = { conversation: conversationId };
  const { state } = await asInvite(() => engine.call(joinRequestState, { params, body: { publicKey } }));
  return state === "none" ? "open" : state;
}

function isMember({ conversations }: Engine, conversationId: ConversationId): boolean {
  return conversations.get(conversationId)?.group?.left === false;
}

async function join(engine: Engine, records: Records, seen: Seen): Promise<void> {
  const { self } = engine;
  const { code, conversationId } = seen;
  const shown = proveInvite(self.provider, code, self.own.cert.accountId);
  for (let attempt = 1; attempt <= conflictsMax; attempt += 1) {
    const fetched = await fetchOperations(engine, seen, encodeBase64url(shown.proof));
    const signerOf = await engine.chains.signersFor(fetched);
    const bytes = fetched.map(({ operation }) => decodeBase64url(operation));
    const history = extendGroupHistory(self.provider, undefined, bytes, signerOf);
    if (findGroupMember(history.head.state, self.own.cert.accountId) !== undefined) return;
    const op = making(() =>
      createGroupOp(self.provider, self.own, history, { type: "join", ...shown }, self.nowMs()),
    );
    const operation = encodeBase64url(op.bytes);
    try {
      const params = { conversation: conversationId };
      const { seq } = await asInvite(() => engine.call(postOperation, { params, body: { operation } }));
      await enter(engine, records, seen, [...fetched, { operation, seq }]);
      return;
    } catch (error) {
      if (!(error instanceof SottoError) || error.kind !== "group_conflict") throw error;
    }
  }
  throw new ClientError("group_changed");
}

/** All operations are verified and kept, and the own key goes out, as for whoever was added. */
async function enter(
  engine: Engine,
  records: Records,
  { conversationId, settingsKey, memberCount }: Seen,
  operations: readonly PlacedOperation[],
): Promise<void> {
  const { self } = engine;
  const signerOf = await engine.chains.signersFor(operations);
  const seq = operations.at(-1)?.seq ?? 0;
  const epoch = await records.transact(async (transaction) => {
    const known = await transaction.get(groupTable, conversationId);
    const news = known === undefined ? operations : operations.slice(epochOf(known));
    const record = await extendGroup(transaction, self, conversationId, known, news, signerOf);
    const taking = { transaction, self };
    const after =
      settingsKey === undefined ? record : await takeSettingsKey(taking, conversationId, record, settingsKey);
    transaction.put(groupTable, conversationId, after);
    return epochOf(after);
  });
  const nowMs = self.nowMs();
  const group = { epoch, members: memberCount + 1, left: false };
  const times = { createdAtMs: nowMs, updatedAtMs: nowMs };
  const marks = { lastSeq: seq, read: seq - 1, unread: 0 };
  await engine.conversations.merge([{ kind: "group", conversationId, group, ...marks, ...times }], true);
  await handOut(engine, records, conversationId);
}

async function fetchOperations(
  engine: Engine,
  { conversationId, publicKey }: Seen,
  proof: string,
): Promise<PlacedOperation[]> {
  const found: PlacedOperation[] = [];
  const params = { conversation: conversationId };
  for (let after = 0; ;) {
    const body = { publicKey, proof, after };
    const page = await asInvite(() => engine.call(listInvitedOperations, { params, body }));
    found.push(...page.operations.map(({ operation, seq }) => ({ operation, seq })));
    const last = page.operations.at(-1)?.epoch;
    if (!page.more || last === undefined || last <= after) return found;
    after = last;
  }
}

function making<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof GroupRefusal)) throw error;
    const codes = { FULL: "group_full", INVITE_EXPIRED: "invite_expired" } as const;
    const code =
      error.code === "FULL" || error.code === "INVITE_EXPIRED" ? codes[error.code] : "invite_invalid";
    throw new ClientError(code, { cause: error });
  }
}

/** What the server says to who has a link, in words of the link. */
async function asInvite<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SottoError) {
      if (error.kind === "link_over") throw new ClientError("invite_expired", { cause: error });
      const isGone = error.kind === "not_found" || error.kind === "forbidden";
      if (isGone) throw new ClientError("invite_invalid", { cause: error });
    }
    throw error;
  }
}
