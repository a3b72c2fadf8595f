import { encodeArchivedHead } from "#schema/db/archive/archived-head.ts";
import { packedMessages, packMessages } from "#schema/db/message-pack.ts";
import type { ObjectEnv } from "../support/stubs.ts";
import type { Archive } from "./archive.ts";
import type { Losses, StoredMessage } from "./store.ts";

/**
 * All packs of a call in one parameter: D1 takes 100 of them per statement, and every statement has its price. What came before
 * the answer got lost comes again, perhaps longer; a write that was given up and happens late changes nothing.
 */
const insert = `INSERT INTO archived_packs
  SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?2) WHERE true
  ON CONFLICT DO UPDATE SET last_seq = excluded.last_seq, ids = excluded.ids, heads = excluded.heads, bodies = excluded.bodies
  WHERE excluded.last_seq > last_seq`;
/** D1 gives up on a statement after 30 s; an answer that never comes must not end the copying for good. */
export const answerDeadlineMs = 35_000;

export class D1Archive implements Archive {
  readonly #database: D1Database;

  constructor(database: D1Database) {
    this.#database = database;
  }

  async write(conversationId: string, messages: readonly StoredMessage[]): Promise<void> {
    const rows = packMessages(messages, encodeArchivedHead).map(
      ({ firstSeq, lastSeq, ids, heads, bodies }) =>
        [firstSeq, lastSeq, ids, heads, bodies.join(",")] as const,
    );
    await inTime(this.#database.prepare(insert).bind(conversationId, JSON.stringify(rows)).run());
  }

  async report(conversationId: string, { lost, undecryptable }: Losses): Promise<void> {
    await inTime(
      this.#database
        .prepare(
          `INSERT INTO losses VALUES (?, ?, ?) ON CONFLICT (conversation_id) DO UPDATE SET
             lost = max(lost, excluded.lost), undecryptable = max(undecryptable, excluded.undecryptable)`,
        )
        .bind(conversationId, lost, undecryptable)
        .run(),
    );
  }

  async count(conversationId: string, after: number, upTo: number): Promise<number> {
    const { results } = await inTime(
      this.#database
        .prepare(
          `SELECT first_seq AS first, last_seq AS last FROM archived_packs
           WHERE conversation_id = ?1 AND first_seq > ?2 - ?4 AND last_seq > ?2 AND first_seq <= ?3 ORDER BY first_seq`,
        )
        .bind(conversationId, after, upTo, packedMessages)
        .all<{ first: number; last: number }>(),
    );
    let count = 0;
    let counted = after;
    for (const { first, last } of results) {
      const end = Math.min(last, upTo);
      count += Math.max(0, end - Math.max(first - 1, counted));
      counted = Math.max(counted, end);
    }
    return count;
  }
}

/** A write that was given up may still happen: rows that are there already are left as they are. */
async function inTime<Result>(answer: Promise<Result>): Promise<Result> {
  let cancel = (): void => undefined;
  const deadline = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error("the archive did not answer")), answerDeadlineMs);
    cancel = () => clearTimeout(timer);
  });
  try {
    return await Promise.race([answer, deadline]);
  } finally {
    cancel();
  }
}

/** The binding of an archive shard; a missing one fails its alarm and nothing else. */
export function archiveShard(env: ObjectEnv, shard: number): D1Database {
  return (env as unknown as Record<string, D1Database>)[`ARCHIVE_${shard}`] as D1Database;
}
