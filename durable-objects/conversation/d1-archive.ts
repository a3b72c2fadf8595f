import type { Archive } from "./archive.ts";
import type { StoredMessage } from "./store.ts";

const columns = 7;
/** D1 takes 100 bound parameters per statement. */
const rowsPerStatement = Math.floor(100 / columns);
/** D1 gives up on a batch after 30 s; an answer that never comes must not end the copying for good. */
export const answerDeadlineMs = 35_000;

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
    await inTime(this.#database.batch(statements));
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
