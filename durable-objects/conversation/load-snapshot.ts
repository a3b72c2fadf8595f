/** Reads what a conversation needs in memory, when it wakes. */
import type { Sql } from "../support/sql.ts";
import type { LogTable } from "./log-table.ts";
import type { ConversationRecord, Snapshot, StoredDevice, StoredGroup, StoredMember } from "./store.ts";

type Row<Fields> = {
  readonly [Key in keyof Fields]: Fields[Key] extends boolean ? number : Fields[Key];
};

export function loadSnapshot(sql: Sql, log: LogTable): Snapshot | undefined {
  const record = sql.first<Row<ConversationRecord>>(
    `SELECT conversation_id AS conversationId, kind, archive_shard AS archiveShard,
       created_at_ms AS createdAtMs, archived_seq AS archivedSeq, swept_seq AS sweptSeq,
       pruned_seq AS prunedSeq, told_seq AS toldSeq, counted_seq AS countedSeq,
       key_generation AS keyGeneration FROM conversation`,
  );
  if (record === undefined) return undefined;
  const members = sql.all<Row<StoredMember>>(
    `SELECT account, username, list_version AS listVersion, set_epoch AS setEpoch, read_seq AS readSeq,
       unread_base AS unreadBase, base_seq AS baseSeq, sent_seq AS sentSeq,
       role, joined_epoch AS joinedEpoch, joined_seq AS joinedSeq,
       history_from AS historyFrom
     FROM members ORDER BY account`,
  );
  const devices = sql
    .all<Row<StoredDevice>>(
      "SELECT account, device, active, delivered_seq AS deliveredSeq, slot FROM devices ORDER BY account, device",
    )
    .map((row) => ({ ...row, active: row.active === 1 }));
  const lastSeq = log.lastSeq();
  const newest = log.between(lastSeq, lastSeq)[0];
  const uncounted = log
    .headsBetween(record.countedSeq + 1, lastSeq)
    .filter(({ content }) => content === 1)
    .map(({ seq, senderAccount: account }) => ({ seq, account }));
  const group = sql.first<Row<StoredGroup>>(
    `SELECT epoch, op_hash AS opHash, rotation_epoch AS rotationEpoch, settings_epoch AS settingsEpoch, settings,
       invite, invite_ended AS inviteEnded, dissolved FROM group_head`,
  );
  return { record, members, devices, newest, group, uncounted };
}
