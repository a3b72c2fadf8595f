import type { Archive } from "./archive.ts";
import type { Losses, StoredMessage } from "./store.ts";

/** All messages of a call in one parameter: D1 takes 100 of them per statement, and every statement has its price. */
const insert = `INSERT INTO archived_messages
  SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?2) WHERE true
  ON CONFLICT DO NOTHING`;

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
    await this.#database.prepare(insert).bind(conversationId, JSON.stringify(rows)).run();
  }

  async report(conversationId: string, { lost, undecryptable }: Losses): Promise<void> {
    await this.#database
      .prepare(
        `INSERT INTO losses VALUES (?, ?, ?) ON CONFLICT (conversation_id) DO UPDATE SET
           lost = max(lost, excluded.lost), undecryptable = max(undecryptable, excluded.undecryptable)`,
      )
      .bind(conversationId, lost, undecryptable)
      .run();
  }

  async count(conversationId: string, after: number, upTo: number): Promise<number> {
    const row = await this.#database
      .prepare(
        "SELECT count(*) AS count FROM archived_messages WHERE conversation_id = ? AND seq > ? AND seq <= ?",
      )
      .bind(conversationId, after, upTo)
      .first<{ count: number }>();
    return row?.count ?? 0;
  }
}
