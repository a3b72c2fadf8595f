/** What conversation objects still have to hear from this account: device changes, ended sessions, receipts. */
import type { ConversationId, DeviceId, Sequence, SessionId } from "#schema/ids.ts";
import type { Sql } from "../support/sql.ts";

export interface OwedChange {
  readonly conversationId: ConversationId;
  readonly endedSessions: readonly SessionId[];
}

export interface OwedReceipt {
  readonly conversationId: ConversationId;
  readonly device: DeviceId;
  readonly delivered: Sequence;
  readonly read: Sequence;
}

/** Access tokens of sessions that ended this long ago have run out. */
const endedSessionMs = 86_400_000;

export class Notices {
  readonly #sql: Sql;
  readonly #now: () => number;

  constructor(sql: Sql, now: () => number) {
    this.#sql = sql;
    this.#now = now;
  }

  /** The conversations that have not heard of `epoch`. */
  owedChanges(epoch: number): OwedChange[] {
    const owed = this.#sql.all<{ conversationId: ConversationId; toldEpoch: number }>(
      "SELECT conversation_id AS conversationId, told_epoch AS toldEpoch FROM conversations WHERE told_epoch < ?",
      epoch,
    );
    if (owed.length === 0) return [];
    const ended = this.#sql.all<{ session: SessionId; epoch: number }>(
      "SELECT session_id AS session, epoch FROM ended_sessions",
    );
    return owed.map(({ conversationId, toldEpoch }) => ({
      conversationId,
      endedSessions: ended.filter((row) => row.epoch > toldEpoch).map((row) => row.session),
    }));
  }

  changeTold(conversationId: ConversationId, epoch: number): void {
    this.#sql.all(
      "UPDATE conversations SET told_epoch = max(told_epoch, ?) WHERE conversation_id = ?",
      epoch,
      conversationId,
    );
  }

  addReceipt(conversationId: ConversationId, device: DeviceId, delivered: Sequence, read: Sequence): void {
    this.#sql.all(
      `INSERT INTO receipt_outbox VALUES (?, ?, ?, ?) ON CONFLICT (conversation_id, device) DO UPDATE SET
         delivered = max(delivered, excluded.delivered), read = max(read, excluded.read)`,
      conversationId,
      device,
      delivered,
      read,
    );
  }

  owedReceipts(limit: number): OwedReceipt[] {
    return this.#sql.all<{ [Key in keyof OwedReceipt]: OwedReceipt[Key] }>(
      "SELECT conversation_id AS conversationId, device, delivered, read FROM receipt_outbox LIMIT ?",
      limit,
    );
  }

  /** Forgets a receipt, unless it moved on meanwhile. */
  receiptTold({ conversationId, device, delivered, read }: OwedReceipt): void {
    this.#sql.all(
      "DELETE FROM receipt_outbox WHERE conversation_id = ? AND device = ? AND delivered = ? AND read = ?",
      conversationId,
      device,
      delivered,
      read,
    );
  }

  clean(): void {
    this.#sql.all("DELETE FROM ended_sessions WHERE ended_at_ms < ?", this.#now() - endedSessionMs);
  }
}
