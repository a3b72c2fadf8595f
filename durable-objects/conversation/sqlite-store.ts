/** The conversation store on SQLite. */
import type { AccountId, ClientMessageId, DeviceId, Sequence } from "#schema/ids.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import { hasTable, type Sql } from "../support/sql.ts";
import { IdTable } from "./id-table.ts";
import { loadSnapshot } from "./load-snapshot.ts";
import { LogTable } from "./log-table.ts";
import { CapsuleTable } from "./capsule-table.ts";
import type {
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
  Swept,
} from "./store.ts";

/** How many messages are looked through at once for one of another device. */
const searchedMessages = 256;

export class SqliteConversationStore implements ConversationStore {
  readonly #sql: Sql;
  readonly #log: LogTable;
  readonly #ids: IdTable;
  readonly #capsules: CapsuleTable;
  readonly #migrate: () => void;

  /** `migrate` creates or updates the tables; it runs only once the conversation exists or is being created. */
  constructor(sql: Sql, migrate: () => void) {
    this.#sql = sql;
    this.#log = new LogTable(sql);
    this.#ids = new IdTable(sql, this.#log);
    this.#capsules = new CapsuleTable(sql);
    this.#migrate = migrate;
  }

  transaction<Result>(work: () => Result): Result {
    return this.#sql.transaction(work);
  }

  load(): Snapshot | undefined {
    if (!hasTable(this.#sql, "conversation")) return undefined;
    this.#migrate();
    return loadSnapshot(this.#sql, this.#log);
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
    return this.#ids
      .placesOf(ids)
      .flatMap((seq) => this.#log.between(seq, seq))
      .filter(({ clientMessageId }) => ids.includes(clientMessageId)); // what was taken back is not there, or another is
  }

  append(messages: readonly MessageWithCapsules[]): void {
    this.#log.append(messages);
    this.#ids.append(messages);
    this.#capsules.append(messages);
  }

  page({ capsulesOf: key, ...range }: PageQuery): StoredMessageWithCapsule[] {
    const messages = this.#messages(range);
    if (key === undefined) return messages.map((message) => ({ ...message, capsule: null }));
    const capsulesOf = this.#capsulesOf(messages);
    return messages.map((message) => ({ ...message, capsule: capsulesOf(message.seq)[key] ?? null }));
  }

  withCapsules(after: Sequence, limit: number): MessageWithCapsules[] {
    const messages = this.#messages({ after, limit });
    const capsulesOf = this.#capsulesOf(messages);
    return messages.map((message) => ({ ...message, capsules: capsulesOf(message.seq) }));
  }

  /** The log has no holes, so that a number of messages is a range of sequence numbers. */
  #messages({ after, before, limit }: Omit<PageQuery, "capsulesOf">): StoredMessage[] {
    if (after !== undefined) return this.#log.between(after + 1, after + limit);
    const last = before === undefined ? this.#log.lastSeq() : before - 1;
    return this.#log.between(Math.max(1, last - limit + 1), last);
  }

  #capsulesOf(messages: readonly StoredMessage[]): (seq: Sequence) => Capsules {
    return this.#capsules.between(messages[0]?.seq ?? 0, messages.at(-1)?.seq ?? 0);
  }

  silentCountAt(seq: Sequence): number | undefined {
    return seq === 0 ? 0 : this.#log.headsBetween(seq, seq)[0]?.silentCount;
  }

  ownContent(account: AccountId, after: Sequence, upTo: Sequence): number {
    const heads = this.#log.headsBetween(after + 1, upTo);
    return heads.filter(({ senderAccount, content }) => senderAccount === account && content === 1).length;
  }

  firstForeign(account: AccountId, device: DeviceId, after: Sequence): Sequence | undefined {
    const last = this.#log.lastSeq();
    for (let from = after + 1; from <= last; from += searchedMessages) {
      const foreign = this.#log
        .headsBetween(from, from + searchedMessages - 1)
        .find(({ senderAccount, senderDevice }) => senderAccount !== account || senderDevice !== device);
      if (foreign !== undefined) return foreign.seq;
    }
    return undefined;
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

  sweep(query: SweepQuery): Swept {
    return this.#capsules.sweep(query);
  }

  saveSwept(seq: Sequence): void {
    this.#sql.all("UPDATE conversation SET swept_seq = ?", seq);
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
      this.#log.prune(upTo);
      this.#ids.prune(upTo);
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
         VALUES (?, ?, 1, 0, (SELECT coalesce(max(last_seq), 0) FROM log), ?)
         ON CONFLICT (account, device) DO UPDATE SET active = 1`,
        set.account,
        device,
        slots.get(device) ?? null,
      );
    }
  }
}
