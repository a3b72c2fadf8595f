/** The conversation store on SQLite. */
import type { AccountId, ClientMessageId, DeviceId, Sequence } from "#schema/ids.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import { hasTable, type Sql } from "../support/sql.ts";
import { loadSnapshot, messageColumns, type Row } from "./load-snapshot.ts";
import { CapsuleTable } from "./capsule-table.ts";
import type {
  CapsulePack,
  Capsules,
  ConversationRecord,
  ConversationStore,
  Losses,
  MessageWithCapsules,
  PageQuery,
  Snapshot,
  StoredMember,
  StoredMessage,
  StoredMessageWithCapsule,
  SweepQuery,
} from "./store.ts";

const rowsAtOnce = 8;
const placeholders = "(?, ?, ?, ?, ?, ?, ?, ?, ?)";
const insert = `INSERT INTO messages (seq, sender_account, sender_device, client_message_id, server_time_ms, body,
  content, silent_count, devices) VALUES `;
const insertOne = `${insert}${placeholders}`;
const insertMany = `${insert}${Array.from({ length: rowsAtOnce }, () => placeholders).join(", ")}`;

export class SqliteConversationStore implements ConversationStore {
  readonly #sql: Sql;
  readonly #capsules: CapsuleTable;
  readonly #migrate: () => void;

  /** `migrate` creates or updates the tables; it runs only once the conversation exists or is being created. */
  constructor(sql: Sql, migrate: () => void) {
    this.#sql = sql;
    this.#capsules = new CapsuleTable(sql);
    this.#migrate = migrate;
  }

  transaction<Result>(work: () => Result): Result {
    return this.#sql.transaction(work);
  }

  load(): Snapshot | undefined {
    if (!hasTable(this.#sql, "conversation")) return undefined;
    this.#migrate();
    return loadSnapshot(this.#sql);
  }

  create(
    record: ConversationRecord,
    members: readonly StoredMember[],
    sets: readonly DeviceSet[],
    more: () => void = () => undefined,
  ): void {
    this.#migrate();
    this.transaction(() => {
      this.#sql.all(
        `INSERT INTO conversation (conversation_id, kind, archive_shard, created_at_ms, archived_seq, swept_seq,
           pruned_seq, told_seq, counted_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        record.conversationId,
        record.kind,
        record.archiveShard,
        record.createdAtMs,
        record.archivedSeq,
        record.sweptSeq,
        record.prunedSeq,
        record.toldSeq,
        record.countedSeq,
      );
      for (const member of members) {
        this.#sql.all(
          `INSERT INTO members (account, username, list_version, set_epoch, read_seq, unread_base, base_seq, sent_seq)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          member.account,
          member.username,
          member.listVersion,
          member.setEpoch,
          member.readSeq,
          member.unreadBase,
          member.baseSeq,
          member.sentSeq,
        );
      }
      for (const set of sets) this.#writeSet(set, new Map());
      more();
    });
  }

  withIds(ids: readonly ClientMessageId[]): StoredMessage[] {
    return this.#sql.all<Row<StoredMessage>>(
      `SELECT ${messageColumns} FROM messages WHERE client_message_id IN (SELECT value FROM json_each(?))`,
      JSON.stringify(ids),
    );
  }

  append(messages: readonly MessageWithCapsules[]): void {
    // A call costs as much as a row: several rows in one, in few shapes, because statements are kept by their text.
    for (let start = 0; start < messages.length;) {
      const count = messages.length - start >= rowsAtOnce ? rowsAtOnce : 1;
      const bindings: (string | number)[] = [];
      for (const message of messages.slice(start, start + count)) {
        bindings.push(message.seq, message.senderAccount, message.senderDevice, message.clientMessageId);
        bindings.push(message.serverTimeMs, message.body);
        bindings.push(message.content, message.silentCount, message.devices);
      }
      this.#sql.all(count === 1 ? insertOne : insertMany, ...bindings);
      start += count;
    }
    this.#capsules.append(messages);
  }

  page({ capsulesOf: key, ...range }: PageQuery): StoredMessageWithCapsule[] {
    const rows = this.#rows(range);
    if (key === undefined) return rows.map((row) => ({ ...row, capsule: null }));
    const capsulesOf = this.#capsulesOf(rows);
    return rows.map((row) => ({ ...row, capsule: capsulesOf(row.seq)[key] ?? null }));
  }

  withCapsules(after: Sequence, limit: number): MessageWithCapsules[] {
    const rows = this.#rows({ after, limit });
    const capsulesOf = this.#capsulesOf(rows);
    return rows.map((row) => ({ ...row, capsules: capsulesOf(row.seq) }));
  }

  #rows({ after, before, limit }: Omit<PageQuery, "capsulesOf">): StoredMessage[] {
    if (after !== undefined) {
      const query = `SELECT ${messageColumns} FROM messages WHERE seq > ? ORDER BY seq LIMIT ?`;
      return this.#sql.all<Row<StoredMessage>>(query, after, limit);
    }
    const query = `SELECT ${messageColumns} FROM messages WHERE seq < ? ORDER BY seq DESC LIMIT ?`;
    return this.#sql.all<Row<StoredMessage>>(query, before ?? Number.MAX_SAFE_INTEGER, limit).reverse();
  }

  #capsulesOf(rows: readonly StoredMessage[]): (seq: Sequence) => Capsules {
    return this.#capsules.between(rows[0]?.seq ?? 0, rows.at(-1)?.seq ?? 0);
  }

  silentCountAt(seq: Sequence): number | undefined {
    if (seq === 0) return 0;
    const statement = "SELECT silent_count AS count FROM messages WHERE seq = ?";
    return this.#sql.first<{ count: number }>(statement, seq)?.count;
  }

  ownContent(account: AccountId, after: Sequence, upTo: Sequence): number {
    const row = this.#sql.first<{ count: number }>(
      "SELECT count(*) AS count FROM messages WHERE seq > ? AND seq <= ? AND sender_account = ? AND content = 1",
      after,
      upTo,
      account,
    );
    return row?.count ?? 0;
  }

  firstForeign(account: AccountId, device: DeviceId, after: Sequence): Sequence | undefined {
    return this.#sql.first<{ seq: number }>(
      `SELECT seq FROM messages WHERE seq > ? AND NOT (sender_account = ? AND sender_device = ?)
       ORDER BY seq LIMIT 1`,
      after,
      account,
      device,
    )?.seq;
  }

  saveRead(account: AccountId, seq: Sequence, unreadBase: number, baseSeq: Sequence): void {
    this.#sql.all(
      "UPDATE members SET read_seq = ?, unread_base = ?, base_seq = ? WHERE account = ?",
      seq,
      unreadBase,
      baseSeq,
      account,
    );
  }

  saveDelivered(account: AccountId, device: DeviceId, seq: Sequence): void {
    this.#sql.all(
      "UPDATE devices SET delivered_seq = ? WHERE account = ? AND device = ?",
      seq,
      account,
      device,
    );
  }

  saveSet(set: DeviceSet, slots: ReadonlyMap<DeviceId, number> = new Map(), keyGeneration?: number): void {
    this.transaction(() => {
      this.#writeSet(set, slots);
      if (keyGeneration !== undefined) {
        this.#sql.all("UPDATE conversation SET key_generation = ?", keyGeneration);
      }
    });
  }

  saveProgress({ upTo, toldSeq, senders }: Parameters<ConversationStore["saveProgress"]>[0]): void {
    this.transaction(() => {
      this.#sql.all("UPDATE conversation SET counted_seq = ?, told_seq = ?", upTo, toldSeq);
      for (const { account, unreadBase, sentSeq } of senders) {
        this.#sql.all(
          "UPDATE members SET unread_base = ?, base_seq = ?, sent_seq = ? WHERE account = ?",
          unreadBase,
          upTo,
          sentSeq,
          account,
        );
      }
    });
  }

  saveArchived(seq: Sequence): void {
    this.#sql.all("UPDATE conversation SET archived_seq = ?", seq);
  }

  sweep(query: SweepQuery): CapsulePack | undefined {
    return this.#capsules.sweep(query);
  }

  saveSwept(seq: Sequence): void {
    this.#sql.all("UPDATE conversation SET swept_seq = ?", seq);
  }

  expired(query: SweepQuery): number {
    return this.#capsules.expired(query);
  }

  acknowledged(message: Pick<StoredMessage, "seq" | "senderAccount" | "senderDevice">): number {
    const row = this.#sql.first<{ count: number }>(
      `SELECT count(*) AS count FROM devices WHERE delivered_seq >= ?1 AND since_seq < ?1
         AND NOT (account = ?2 AND device = ?3)`,
      message.seq,
      message.senderAccount,
      message.senderDevice,
    );
    return row?.count ?? 0;
  }

  count({ lost, undecryptable }: Losses): Losses {
    this.#sql.all(
      "UPDATE conversation SET lost_count = lost_count + ?, undecryptable_count = undecryptable_count + ?",
      lost,
      undecryptable,
    );
    return this.losses();
  }

  losses(): Losses {
    const row = this.#sql.first<{ lost: number; undecryptable: number }>(
      "SELECT lost_count AS lost, undecryptable_count AS undecryptable FROM conversation",
    );
    return row ?? { lost: 0, undecryptable: 0 };
  }

  prune(upTo: Sequence): void {
    this.transaction(() => {
      this.#sql.all("DELETE FROM messages WHERE seq <= ?", upTo);
      this.#sql.all("UPDATE conversation SET pruned_seq = ?", upTo);
    });
  }

  endSession(sessionId: string, atMs: number): void {
    this.#sql.all("INSERT OR REPLACE INTO ended_sessions VALUES (?, ?)", sessionId, atMs);
  }

  forgetSessions(endedBeforeMs: number): void {
    this.#sql.all("DELETE FROM ended_sessions WHERE ended_at_ms < ?", endedBeforeMs);
  }

  isSessionEnded(sessionId: string): boolean {
    return (
      this.#sql.first("SELECT 1 AS found FROM ended_sessions WHERE session_id = ?", sessionId) !== undefined
    );
  }

  #writeSet(set: DeviceSet, slots: ReadonlyMap<DeviceId, number>): void {
    this.#sql.all(
      "UPDATE members SET list_version = ?, set_epoch = ? WHERE account = ?",
      set.version,
      set.epoch,
      set.account,
    );
    this.#sql.all("UPDATE devices SET active = 0 WHERE account = ?", set.account);
    for (const device of set.devices) {
      this.#sql.all(
        `INSERT INTO devices (account, device, active, delivered_seq, since_seq, slot)
         VALUES (?, ?, 1, 0, (SELECT coalesce(max(seq), 0) FROM messages), ?)
         ON CONFLICT (account, device) DO UPDATE SET active = 1`,
        set.account,
        device,
        slots.get(device) ?? null,
      );
    }
  }
}
