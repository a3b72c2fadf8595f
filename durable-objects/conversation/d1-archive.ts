import type { Archive } from "./archive.ts";
import type { Losses, StoredMessage } from "./store.ts";

const columns = 7;
/** D1 takes 100 bound parameters per statement. */
const rowsPerStatement = Math.floor(100 / columns);

export class D1Archive implements Archive {
  readonly #database: D1Database;

  constructor(database: D1Database) {
    this.#database = database;
  }

  async write(conversationId: string, messages: readonly StoredMessage[]): Promise<void> {
    const statements: D1PreparedStatement[] = [];
    for (let start = 0; start < messages.length; start += rowsPerStatement) {
      const rows = messages.slice(start, start + rowsPerStatement);
      const values = rows.map(() => "(?, ?, ?, ?, ?, ?, ?)").join(", ");
      const bindings = rows.flatMap((message) => [
        conversationId,
        message.seq,
        message.senderAccount,
        message.senderDevice,
        message.clientMessageId,
        message.serverTimeMs,
        message.body,
      ]);
      statements.push(
        this.#database
          .prepare(`INSERT INTO archived_messages VALUES ${values} ON CONFLICT DO NOTHING`)
          .bind(...bindings),
      );
    }
    await this.#database.batch(statements);
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
