/** What the app reads: conversation rows and message pages, from the local store. */
import { SottoError } from "#schema/errors.ts";
import type { ConversationId, Sequence } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { ConversationView, MessagePage, MessageView } from "./client-api.ts";
import type { Records } from "./store/records.ts";
import { type ConversationRecord, draftTable } from "./store/tables.ts";
import type { Engine } from "./sync/engine.ts";
import { isVisible, viewOutbox, viewStored } from "./sync/timeline.ts";

/** Beyond every sequence number that a key can hold. */
const newest = 99_999_999_999_999;

/** Newest activity first; empty conversations only where they were started. */
export async function viewConversations(engine: Engine, records: Records): Promise<ConversationView[]> {
  const shown = engine.conversations
    .all()
    .filter(
      ({ conversationId, lastSeq, startedHere }) =>
        lastSeq > 0 || startedHere || engine.timeline.outbox(conversationId).length > 0,
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
  const { conversationId, peer, lastSeq, cursor, readSeq, unread, remoteUnread } = record;
  const draft = await records.read(draftTable, conversationId);
  const preview = await previewOf(engine, record);
  const isOutbox = preview !== undefined && preview.seq === undefined;
  return {
    conversationId,
    peer,
    lastSeq,
    unread: cursor < lastSeq ? Math.max(unread, remoteUnread) : unread,
    readSeq,
    preview,
    updatedAtMs: isOutbox ? Math.max(record.updatedAtMs, preview.timeMs) : record.updatedAtMs,
    peerTyping: engine.typing.isPeerTyping(conversationId),
    peerPresence: engine.presence.of(peer.account),
    peerTrust: await engine.trust.of(peer.account),
    draft: draft?.text ?? "",
  };
}

/** Messages from before this device joined are fetched as placeholders; offline the page is what is stored. */
export async function viewMessages(
  engine: Engine,
  record: ConversationRecord,
  options: { readonly before?: Sequence; readonly limit: number },
): Promise<MessagePage> {
  const { conversationId } = record;
  const limit = Math.max(1, Math.min(options.limit, limits.pageMax * 10));
  const before = options.before ?? newest;
  let page = await engine.timeline.page(conversationId, before, limit);
  while (page.length < limit && (await tryExtend(engine, conversationId, limit - page.length))) {
    page = await engine.timeline.page(conversationId, before, limit);
  }
  const current = engine.conversations.get(conversationId) ?? record;
  const messages = page.filter(isVisible).map((message) => viewStored(engine.self, current, message));
  const outbox =
    options.before === undefined
      ? engine.timeline.outbox(conversationId).map((row) => viewOutbox(engine.self, row))
      : [];
  const oldest = page[0]?.seq ?? options.before ?? current.lastSeq + 1;
  return { messages: [...messages, ...outbox], hasOlder: oldest > 1 };
}

async function tryExtend(engine: Engine, conversationId: ConversationId, count: number): Promise<boolean> {
  try {
    return await engine.history.extend(conversationId, Math.min(count, limits.pageMax));
  } catch (error) {
    if (error instanceof SottoError) return false; // shown without, asked again with the next page
    throw error;
  }
}

async function previewOf(engine: Engine, record: ConversationRecord): Promise<MessageView | undefined> {
  const waiting = engine.timeline.outbox(record.conversationId).at(-1);
  if (waiting !== undefined) return viewOutbox(engine.self, waiting);
  const message = await engine.timeline.newest(record.conversationId);
  return message && viewStored(engine.self, record, message);
}
