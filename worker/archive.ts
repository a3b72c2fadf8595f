/**
 * History that a conversation object no longer keeps, read from its archive shard. The Worker reads it, not the object:
 * a database call must not stand in the way of the object's messages.
 */
import { SottoError } from "#schema/errors.ts";
import { decodeArchivedHead } from "#schema/db/archive/archived-head.ts";
import { type MessagePack, packedMessages, unpackMessages } from "#schema/db/message-pack.ts";
import type { ConversationId, Sequence } from "#schema/ids.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import type { HotPage, MessagePage } from "#schema/rpc/shared.ts";
import { query } from "./directory.ts";
import type { Env } from "./env.ts";

export interface PageRange {
  readonly conversationId: ConversationId;
  readonly limit: number;
  readonly before?: Sequence | undefined;
  readonly after?: Sequence | undefined;
}

const select = `SELECT first_seq AS firstSeq, ids, heads, bodies FROM archived_packs
  WHERE conversation_id = ?1 AND first_seq > ?2 - ?4 AND last_seq >= ?2 AND first_seq <= ?3 ORDER BY first_seq`;

/**
 * Completes a page with what is in the archive. There is neither gap nor overlap: the object said in the same moment
 * what it has and up to where the archive is alone, and a message is never in neither.
 */
export async function completePage(env: Env, hot: HotPage, range: PageRange): Promise<MessagePage> {
  const { limit, before = Number.MAX_SAFE_INTEGER, after } = range;
  const { shard, after: floor, upTo } = hot.archive;
  if (after !== undefined) {
    if (after >= upTo) return hot;
    const first = Math.max(after, floor) + 1;
    const older = await read(env, shard, range, first, Math.min(upTo, first + limit));
    const messages = [...older, ...hot.messages];
    return { messages: messages.slice(0, limit), more: hot.more || messages.length > limit };
  }
  if (hot.more || upTo === floor) return hot;
  const wanted = limit - hot.messages.length;
  if (wanted === 0) return { messages: hot.messages, more: true };
  const below = Math.min(before, upTo + 1);
  const older = await read(env, shard, range, Math.max(floor + 1, below - wanted - 1), below - 1);
  return { messages: [...older.slice(-wanted), ...hot.messages], more: older.length > wanted };
}

/** Messages from `first` to `last`, ascending: the log has no holes, so that a number of them is a range. */
async function read(
  env: Env,
  shard: number,
  { conversationId }: PageRange,
  first: Sequence,
  last: Sequence,
): Promise<MessageRecord[]> {
  const database = tryShard(env, shard);
  if (database === undefined) {
    throw new SottoError("unavailable", "Not possible right now; try again.", { retryAfterMs: 2_000 });
  }
  const { results } = await query(() =>
    database
      .prepare(select)
      .bind(conversationId, first, last, packedMessages)
      .all<Omit<MessagePack, "lastSeq" | "bodies"> & { readonly bodies: string }>(),
  );
  const messages: MessageRecord[] = [];
  for (const { bodies, ...rest } of results) {
    const pack = { ...rest, bodies: bodies.split(",") };
    const from = (messages.at(-1)?.seq ?? first - 1) + 1; // packs may overlap
    for (const message of unpackMessages(pack, [from, last], decodeArchivedHead)) {
      const { seq, senderAccount, senderDevice, clientMessageId, serverTimeMs, body } = message;
      const sender = { account: senderAccount, device: senderDevice };
      messages.push({ conversationId, seq, sender, clientMessageId, serverTimeMs, body });
    }
  }
  return messages;
}

function tryShard(env: Env, shard: number): D1Database | undefined {
  const bindings: object = env;
  return (bindings as Readonly<Record<string, D1Database>>)[`ARCHIVE_${shard}`];
}

/** Spreads new conversations over the shards; the choice is stored, so their number may grow. */
export function archiveShardOf(conversationId: ConversationId, shards: number): number {
  let hash = 0;
  for (const char of conversationId) hash = (hash * 31 + char.charCodeAt(0)) % 0x7fffffff;
  return hash % Math.max(1, shards);
}

/** What all conversations have counted that should never happen. Throws `unavailable`. */
export async function countLosses(
  env: Env,
): Promise<{ readonly lost: number; readonly undecryptable: number }> {
  const totals = { lost: 0, undecryptable: 0 };
  for (let shard = 0; shard < Math.max(1, Number(env.ARCHIVE_SHARDS)); shard += 1) {
    const database = tryShard(env, shard);
    const row = await query(async () =>
      database
        ?.prepare("SELECT sum(lost) AS lost, sum(undecryptable) AS undecryptable FROM losses")
        .first<{ lost: number | null; undecryptable: number | null }>(),
    );
    totals.lost += row?.lost ?? 0;
    totals.undecryptable += row?.undecryptable ?? 0;
  }
  return totals;
}
