/** What the app reads: conversation rows and message pages, from the local store. */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import type { AccountId, ConversationId, Sequence } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { findGroupMember } from "#schema/envelope/group-state.ts";
import type { ConversationView, GroupConversationView, MessagePage, MessageView } from "./client-api.ts";
import { type GroupRecord, groupTable } from "./store/group-tables.ts";
import type { Records } from "./store/records.ts";
import { type ConversationRecord, type GroupConversationRecord, type StoredMessage } from "./store/tables.ts";
import type { Engine } from "./sync/engine.ts";
import { isContradicted } from "./sync/groups/group-chain.ts";
import { firstReadable } from "./sync/conversations.ts";
import { isNotInBackup } from "./sync/history.ts";
import { readItem } from "./sync/own-items.ts";
import type { Self } from "./sync/self.ts";
import type { TrustBook } from "./sync/trust-book.ts";
import {
  type Beholder,
  isVisible,
  isWritten,
  type NameOf,
  viewOutbox,
  viewStored,
  viewUpload,
} from "./sync/timeline.ts";

/** Beyond every sequence number that a key can hold. */
const newest = 99_999_999_999_999;

/** Newest activity first; empty conversations only where they were started. */
export async function viewConversations(engine: Engine, records: Records): Promise<ConversationView[]> {
  const shown = engine.conversations
    .all()
    .filter(
      ({ conversationId, lastSeq, startedHere }) =>
        lastSeq > 0 ||
        startedHere ||
        engine.timeline.outbox(conversationId).some(isWritten) ||
        engine.attachments.uploads.of(conversationId).length > 0,
    );
  const views = await Promise.all(shown.map((record) => viewConversation(engine, records, record)));
  return views.sort(
    (a, b) => b.updatedAtMs - a.updatedAtMs || (a.conversationId < b.conversationId ? -1 : 1),
  );
}

export async function viewConversation(
  engine: Engine,
  records: Records,
  record: ConversationRecord,
): Promise<ConversationView> {
  const { conversationId, lastSeq, cursor, readSeq, unread, remoteUnread } = record;
  const draft = await readItem(records, "draft", conversationId);
  const group = record.group && (await records.read(groupTable, conversationId));
  const nameOf = namesOf(engine, record, group);
  const preview = await previewOf(engine, record, nameOf);
  const isOutbox = preview !== undefined && preview.seq === undefined;
  const typist = engine.typing.typist(conversationId);
  const base = {
    conversationId,
    lastSeq,
    unread: cursor < lastSeq ? Math.max(unread, remoteUnread) : unread,
    readSeq,
    preview,
    updatedAtMs: isOutbox ? Math.max(record.updatedAtMs, preview.timeMs) : record.updatedAtMs,
    typing: typist && { account: typist, username: nameOf(typist) },
    draft: draft ?? "",
    devicesWithheld: withheldIn(engine, record, group).map((account) => {
      return { account, username: nameOf(account), isMe: account === engine.self.account };
    }),
  };
  const { book } = engine.directory;
  if (record.group !== undefined) {
    const memberTrust = trustOfMembers(book, group, nameOf);
    return { kind: "group", ...base, ...standing(engine.self, record, group), memberTrust };
  }
  const { peer } = record;
  const peerPresence = engine.presence.of(peer.account);
  return { kind: "direct", ...base, peer, peerPresence, peerTrust: book.of(peer.account) };
}

function trustOfMembers(
  book: TrustBook,
  group: GroupRecord | undefined,
  nameOf: NameOf,
): GroupConversationView["memberTrust"] {
  const state = group?.history.head.state;
  return book
    .all()
    .filter(([account]) => state && findGroupMember(state, decodeBase64url(account)) !== undefined)
    .map(([account, trust]) => ({ account, username: nameOf(account), ...trust }));
}

function withheldIn(
  engine: Engine,
  { peer }: ConversationRecord,
  group: GroupRecord | undefined,
): AccountId[] {
  const isHere = (account: AccountId): boolean =>
    account === engine.self.account ||
    account === peer?.account ||
    (group !== undefined &&
      findGroupMember(group.history.head.state, decodeBase64url(account)) !== undefined);
  return engine.listClaims.withheld().filter(isHere);
}

/** What a group is called and where this account stands in it. */
export function standing(
  self: Self,
  { conversationId, group: told }: GroupConversationRecord,
  group: GroupRecord | undefined,
): Pick<
  GroupConversationView,
  | "title"
  | "avatarSeed"
  | "picture"
  | "memberCount"
  | "myRole"
  | "membership"
  | "takesRequests"
  | "isContradicted"
> {
  const own = group && findGroupMember(group.history.head.state, self.own.cert.accountId);
  const known = group?.membership ?? "member";
  const membership = known === "member" && told.left ? "removed" : known;
  const isAdmin = own !== undefined && own.role !== "member";
  const asksApproval = group?.history.head.state.invite?.needsApproval === true;
  return {
    title: group?.title ?? "",
    avatarSeed: conversationId,
    picture: group?.picture?.blobHash,
    memberCount: group?.history.head.state.members.length ?? 0,
    myRole: membership === "removed" || membership === "left" ? undefined : own?.role,
    membership,
    takesRequests: membership === "member" && isAdmin && asksApproval,
    isContradicted: group !== undefined && isContradicted(group),
  };
}

/** Names for the messages of one conversation. */
export function namesOf(engine: Engine, record: ConversationRecord, group: GroupRecord | undefined): NameOf {
  const { peer } = record;
  if (peer !== undefined) return (account) => (account === peer.account ? peer.username : "");
  return (account) => group?.names[account] ?? engine.conversations.find(account)?.peer?.username ?? "";
}

/** Messages from before this device joined are fetched as placeholders; offline the page is what is stored. */
export async function viewMessages(
  engine: Engine,
  records: Records,
  record: ConversationRecord,
  options: { readonly before?: Sequence; readonly limit: number },
): Promise<MessagePage> {
  const { conversationId } = record;
  const limit = Math.max(1, Math.min(options.limit, limits.pageMax * 10));
  const before = options.before ?? newest;
  let page = await engine.timeline.page(conversationId, before, limit);
  const isMore = () => page.length < limit || hasGap(engine.conversations.get(conversationId), page);
  while (isMore() && (await tryExtend(engine, conversationId, limit - page.length || limit))) {
    page = await engine.timeline.page(conversationId, before, limit);
  }
  mendLater(engine, conversationId, page);
  const current = engine.conversations.get(conversationId) ?? record;
  const beholder = beholderOf(
    engine,
    namesOf(engine, current, await records.read(groupTable, conversationId)),
  );
  const messages = page
    .filter(isVisible)
    .map((message) => viewStored(engine.self, current, message, beholder));
  const unsent = options.before === undefined ? viewUnsent(engine, conversationId, beholder) : [];
  const oldest = page[0]?.seq ?? options.before ?? current.lastSeq + 1;
  return {
    messages: [...messages, ...unsent],
    hasOlder: current.placed && oldest > firstReadable(current),
  };
}

/** Between an earlier stay in a group and this one lie messages that were given along and not fetched yet. */
function hasGap(record: ConversationRecord | undefined, [first]: readonly StoredMessage[]): boolean {
  return record?.group?.given !== undefined && first !== undefined && first.seq <= record.floor;
}

/** The outbox, then messages whose files are still going up. */
function viewUnsent(engine: Engine, conversationId: ConversationId, beholder: Beholder): MessageView[] {
  return [
    ...engine.timeline
      .outbox(conversationId)
      .filter(isWritten)
      .map((row) => viewOutbox(engine.self, row, beholder)),
    ...engine.attachments.uploads.of(conversationId).map((row) => viewUpload(engine.self, row, beholder)),
  ];
}

function beholderOf(engine: Engine, nameOf: NameOf): Beholder {
  return {
    nameOf,
    isLocal: (conversationId, attachment) => engine.attachments.isLocal(conversationId, attachment),
  };
}

/** Keys that came since a placeholder was stored open it; views are told when it has changed. */
function mendLater(engine: Engine, conversationId: ConversationId, page: readonly StoredMessage[]): void {
  const closed = page.filter(({ content }) => isNotInBackup(content)).map(({ seq }) => seq);
  if (closed.length === 0) return;
  engine.history.mend(conversationId, closed).catch(() => undefined); // offline: with the next view
}

async function tryExtend(engine: Engine, conversationId: ConversationId, count: number): Promise<boolean> {
  try {
    return await engine.history.extend(conversationId, Math.min(count, limits.pageMax));
  } catch (error) {
    if (error instanceof SottoError) return false; // shown without, asked again with the next page
    throw error;
  }
}

async function previewOf(
  engine: Engine,
  record: ConversationRecord,
  nameOf: NameOf,
): Promise<MessageView | undefined> {
  const beholder = beholderOf(engine, nameOf);
  const waiting = viewUnsent(engine, record.conversationId, beholder).at(-1);
  if (waiting !== undefined) return waiting;
  const message = await engine.timeline.newest(record.conversationId);
  return message && viewStored(engine.self, record, message, beholder);
}
