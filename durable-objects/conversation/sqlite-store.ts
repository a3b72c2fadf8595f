/** The conversation store on SQLite. */
import type { AccountId, ClientMessageId, DeviceId, Sequence } from "#schema/ids.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import { hasTable, type Sql } from "../support/sql.ts";
import type {
  Capsules,
  ConversationRecord,
  ConversationStore,
  Losses,
  PageQuery,
  Snapshot,
  StoredDevice,
  StoredGroup,
  StoredMember,
  StoredMessage,
  StoredMessageWithCapsule,
} from "./store.ts";

const messageColumns = `seq, sender_account AS senderAccount, sender_device AS senderDevice,
  client_message_id AS clientMessageId, server_time_ms AS serverTimeMs, body,
  content, silent_count AS silentCount, devices`;

type Row<Fields> = { readonly [Key in keyof Fields]: Fields[Key] extends boolean ? number : Fields[Key] };

export class SqliteConversationStore implements ConversationStore {
  readonly #sql: Sql;
  readonly #migrate: () => void;

  /** `migrate` creates or updates the tables; it runs only once the conversation exists or is being created. */
  constructor(sql: Sql, migrate: () => void) {
    this.#sql = sql;
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
         pruned_seq AS prunedSeq, told_seq AS toldSeq, counted_seq AS countedSeq,
         key_generation AS keyGeneration FROM conversation`,
    );
    if (record === undefined) return undefined;
    const members = this.#sql.all<Row<StoredMember>>(
      `SELECT account, username, list_version AS listVersion, set_epoch AS setEpoch, read_seq AS readSeq,
         unread_base AS unreadBase, base_seq AS baseSeq, sent_seq AS sentSeq,
         role, joined_epoch AS joinedEpoch, joined_seq AS joinedSeq
       FROM members ORDER BY account`,
    );
    const devices = this.#sql
      .all<Row<StoredDevice>>(
        "SELECT account, device, active, delivered_seq AS deliveredSeq, slot FROM devices ORDER BY account, device",
      )
      .map((row) => ({ ...row, active: row.active === 1 }));
    const newest = this.#sql.first<Row<StoredMessage>>(
      `SELECT ${messageColumns} FROM messages ORDER BY seq DESC LIMIT 1`,
    );
    const uncounted = this.#sql.all<{ seq: Sequence; account: AccountId }>(
      "SELECT seq, sender_account AS account FROM messages WHERE seq > ? AND content = 1",
      record.countedSeq,
    );
    const group = this.#sql.first<Row<StoredGroup>>(
      `SELECT epoch, op_hash AS opHash, rotation_epoch AS rotationEpoch, settings_epoch AS settingsEpoch, settings,
         invite, dissolved FROM group_head`,
    );
    return { record, members, devices, newest, group, uncounted };
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

  find(account: AccountId, device: DeviceId, id: ClientMessageId): StoredMessage | undefined {
    return this.#sql.first<Row<StoredMessage>>(
      `SELECT ${messageColumns} FROM messages
       WHERE client_message_id = ? AND sender_account = ? AND sender_device = ?`,
      id,
      account,
      device,
    );
  }

  append(message: StoredMessage, capsules: Capsules): void {
    this.#sql.all(
      `INSERT INTO messages (seq, sender_account, sender_device, client_message_id, server_time_ms, body, capsules,
         content, silent_count, devices) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      message.seq,
      message.senderAccount,
      message.senderDevice,
      message.clientMessageId,
      message.serverTimeMs,
      message.body,
      JSON.stringify(capsules),
      message.content,
      message.silentCount,
      message.devices,
    );
  }

  page(query: PageQuery): StoredMessageWithCapsule[] {
    const columns = `${messageColumns}, json_extract(capsules, ?) AS capsule`;
    const path = `$."${query.capsulesOf}"`;
    if (query.after !== undefined) {
      return this.#sql.all<Row<StoredMessageWithCapsule>>(
        `SELECT ${columns} FROM messages WHERE seq > ? ORDER BY seq LIMIT ?`,
        path,
        query.after,
        query.limit,
      );
    }
    return this.#sql
      .all<Row<StoredMessageWithCapsule>>(
        `SELECT ${columns} FROM messages WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
        path,
        query.before ?? Number.MAX_SAFE_INTEGER,
        query.limit,
      )
      .reverse();
  }

  withCapsules(after: Sequence, limit: number): (StoredMessage & { readonly capsules: Capsules })[] {
    return this.#sql
      .all<Row<StoredMessage> & { readonly capsules: string | null }>(
        `SELECT ${messageColumns}, capsules FROM messages WHERE seq > ? ORDER BY seq LIMIT ?`,
        after,
        limit,
      )
      .map((row) => ({ ...row, capsules: row.capsules === null ? {} : parseCapsules(row.capsules) }));
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

  sweep(query: { after: Sequence; upTo: Sequence; olderThanMs: number; limit: number }): Sequence {
    return this.transaction(() => {
      const last = this.#sql.first<{ seq: number | null }>(
        `SELECT MAX(seq) AS seq FROM (SELECT seq, server_time_ms FROM messages WHERE seq > ? ORDER BY seq LIMIT ?)
         WHERE seq <= ? OR server_time_ms < ?`,
        query.after,
        query.limit,
        query.upTo,
        query.olderThanMs,
      )?.seq;
      if (last === undefined || last === null) return query.after;
      this.#sql.all("UPDATE messages SET capsules = NULL WHERE seq > ? AND seq <= ?", query.after, last);
      this.#sql.all("UPDATE conversation SET swept_seq = ?", last);
      return last;
    });
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

/** Written by `append` alone. */
function parseCapsules(json: string): Capsules {
  return JSON.parse(json) as Capsules;
}
