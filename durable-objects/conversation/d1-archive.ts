import type { ObjectEnv } from "../support/stubs.ts";
import type { Archive } from "./archive.ts";
import type { Losses, StoredMessage } from "./store.ts";

/** All messages of a call in one parameter: D1 takes 100 of them per statement, and every statement has its price. */
const insert = `INSERT INTO archived_messages
  SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?2) WHERE true
  ON CONFLICT DO NOTHING`;
/** D1 gives up on a statement after 30 s; an answer that never comes must not end the copying for good. */
export const answerDeadlineMs = 35_000;

export class D1Archive implements Archive {
  readonly #database: D1Database;

  constructor(database: D1Database) {
    this.#database = database;
  }

  async write(conversationId: string, messages: readonly StoredMessage[]): Promise<void> {
    const rows = messages.map((message) => [
      message.seq,
      message.senderAccount,
      message.senderDevice,
      message.clientMessageId,
      message.serverTimeMs,
      message.body,
    ]);
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
    const row = await inTime(
      this.#database
        .prepare(
          "SELECT count(*) AS count FROM archived_messages WHERE conversation_id = ? AND seq > ? AND seq <= ?",
        )
        .bind(conversationId, after, upTo)
        .first<{ count: number }>(),
    );
    return row?.count ?? 0;
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
