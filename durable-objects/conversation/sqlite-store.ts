/** The conversation store on SQLite. */
import type { AccountId, ClientMessageId, DeviceId, Sequence } from "#schema/ids.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import { hasTable, type Sql } from "../support/sql.ts";
import { CapsuleTable } from "./capsule-table.ts";
import type {
  CapsulePack,
  Capsules,
  ConversationRecord,
  ConversationStore,
  MessageWithCapsules,
  PageQuery,
  Snapshot,
  StoredDevice,
  StoredMember,
  StoredMessage,
  StoredMessageWithCapsule,
  SweepQuery,
} from "./store.ts";

const messageColumns = `seq, sender_account AS senderAccount, sender_device AS senderDevice,
  client_message_id AS clientMessageId, server_time_ms AS serverTimeMs, body,
  first_member_count AS firstMemberCount`;

const rowsAtOnce = 8;
const placeholders = "(?, ?, ?, ?, ?, ?, ?)";
const insertOne = `INSERT INTO messages VALUES ${placeholders}`;
const insertMany = `INSERT INTO messages VALUES ${Array.from({ length: rowsAtOnce }, () => placeholders).join(", ")}`;

type Row<Fields> = { readonly [Key in keyof Fields]: Fields[Key] extends boolean ? number : Fields[Key] };

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
    const record = this.#sql.first<Row<ConversationRecord>>(
      `SELECT conversation_id AS conversationId, kind, archive_shard AS archiveShard,
         created_at_ms AS createdAtMs, archived_seq AS archivedSeq, swept_seq AS sweptSeq,
         pruned_seq AS prunedSeq FROM conversation`,
    );
    if (record === undefined) return undefined;
    const members = this.#sql.all<Row<StoredMember>>(
      `SELECT account, username, position, list_version AS listVersion, set_epoch AS setEpoch,
         read_seq AS readSeq, notified_seq AS notifiedSeq, read_count AS readCount
       FROM members ORDER BY position`,
    );
    const devices = this.#sql
      .all<Row<StoredDevice>>(
        "SELECT account, device, active, delivered_seq AS deliveredSeq FROM devices ORDER BY account, device",
      )
      .map((row) => ({ ...row, active: row.active === 1 }));
    const newest = this.#sql.first<Row<StoredMessage>>(
      `SELECT ${messageColumns} FROM messages ORDER BY seq DESC LIMIT 1`,
    );
    return { record, members, devices, newest };
  }

  create(record: ConversationRecord, members: readonly StoredMember[], sets: readonly DeviceSet[]): void {
    this.#migrate();
    this.transaction(() => {
      this.#sql.all(
        "INSERT INTO conversation VALUES (?, ?, ?, ?, ?, ?, ?)",
        record.conversationId,
        record.kind,
        record.archiveShard,
        record.createdAtMs,
        record.archivedSeq,
        record.sweptSeq,
        record.prunedSeq,
      );
      for (const member of members) {
        this.#sql.all(
          "INSERT INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
          member.account,
          member.username,
          member.position,
          member.listVersion,
          member.setEpoch,
          member.readSeq,
          member.notifiedSeq,
          member.readCount,
        );
      }
      for (const set of sets) this.#writeSet(set);
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
        bindings.push(message.serverTimeMs, message.body, message.firstMemberCount);
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

  firstMemberCountAt(seq: Sequence): number | undefined {
    if (seq === 0) return 0;
    const statement = "SELECT first_member_count AS count FROM messages WHERE seq = ?";
    return this.#sql.first<{ count: number }>(statement, seq)?.count;
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

  saveRead(account: AccountId, seq: Sequence, count: number): void {
    this.#sql.all("UPDATE members SET read_seq = ?, read_count = ? WHERE account = ?", seq, count, account);
  }

  saveDelivered(account: AccountId, device: DeviceId, seq: Sequence): void {
    this.#sql.all(
      "UPDATE devices SET delivered_seq = ? WHERE account = ? AND device = ?",
      seq,
      account,
      device,
    );
  }

  saveSet(set: DeviceSet): void {
    this.transaction(() => this.#writeSet(set));
  }

  saveNotified(account: AccountId, seq: Sequence): void {
    this.#sql.all("UPDATE members SET notified_seq = ? WHERE account = ?", seq, account);
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

  #writeSet(set: DeviceSet): void {
    this.#sql.all(
      "UPDATE members SET list_version = ?, set_epoch = ? WHERE account = ?",
      set.version,
      set.epoch,
      set.account,
    );
    this.#sql.all("UPDATE devices SET active = 0 WHERE account = ?", set.account);
    for (const device of set.devices) {
      this.#sql.all(
        `INSERT INTO devices VALUES (?, ?, 1, 0)
         ON CONFLICT (account, device) DO UPDATE SET active = 1`,
        set.account,
        device,
      );
    }
  }
}
