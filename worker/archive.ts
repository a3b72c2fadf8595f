/**
 * History that a conversation object no longer keeps, read from its archive shard. The Worker reads it, not the object:
 * a database call must not stand in the way of the object's messages.
 */
import { SottoError } from "#schema/errors.ts";
import type { AccountId, ClientMessageId, ConversationId, DeviceId, Sequence } from "#schema/ids.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import type { HotPage, MessagePage } from "#schema/rpc/shared.ts";
import { query } from "./directory.ts";
import type { Env } from "./env.ts";

interface ArchivedRow {
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly clientMessageId: ClientMessageId;
  readonly serverTimeMs: number;
  readonly body: string;
}

export interface PageRange {
  readonly conversationId: ConversationId;
  readonly limit: number;
  readonly before?: Sequence | undefined;
  readonly after?: Sequence | undefined;
}

const select = `SELECT seq, sender_account AS account, sender_device AS device, client_message_id AS clientMessageId,
  server_time_ms AS serverTimeMs, body FROM archived_messages WHERE conversation_id = ?`;

/**
 * Completes a page with what is in the archive. There is neither gap nor overlap: the object said in the same moment
 * what it has and up to where the archive is alone, and a message is never in neither.
 */
export async function completePage(env: Env, hot: HotPage, range: PageRange): Promise<MessagePage> {
  const { limit, before = Number.MAX_SAFE_INTEGER, after } = range;
  const { shard, after: floor, upTo } = hot.archive;
  if (after !== undefined) {
    if (after >= upTo) return hot;
    const older = await read(
      env,
      shard,
      range,
      "seq > ? AND seq <= ? ORDER BY seq",
      [Math.max(after, floor), upTo],
      limit + 1,
    );
    const messages = [...older, ...hot.messages];
    return { messages: messages.slice(0, limit), more: hot.more || messages.length > limit };
  }
  if (hot.more || upTo === floor) return hot;
  const wanted = limit - hot.messages.length;
  if (wanted === 0) return { messages: hot.messages, more: true };
  const below = Math.min(before, upTo + 1);
  const older = await read(
    env,
    shard,
    range,
    "seq < ? AND seq > ? ORDER BY seq DESC",
    [below, floor],
    wanted + 1,
  );
  const more = older.length > wanted;
  return { messages: [...older.slice(0, wanted).reverse(), ...hot.messages], more };
}

async function read(
  env: Env,
  shard: number,
  { conversationId }: PageRange,
  where: string,
  bindings: readonly number[],
  limit: number,
): Promise<MessageRecord[]> {
  const database = tryShard(env, shard);
  if (database === undefined) {
    throw new SottoError("unavailable", "Not possible right now; try again.", { retryAfterMs: 2_000 });
  }
  const statement = database.prepare(`${select} AND ${where} LIMIT ?`);
  const { results } = await query(() =>
    statement.bind(conversationId, ...bindings, limit).all<ArchivedRow>(),
  );
  return results.map(({ seq, account, device, clientMessageId, serverTimeMs, body }) => ({
    conversationId,
    seq,
    sender: { account, device },
    clientMessageId,
    serverTimeMs,
    body,
  }));
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
