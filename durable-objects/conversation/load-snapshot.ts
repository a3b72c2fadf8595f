/** Reads what a conversation needs in memory, when it wakes. */
import type { AccountId, Sequence } from "#schema/ids.ts";
import type { Sql } from "../support/sql.ts";
import type {
  ConversationRecord,
  Snapshot,
  StoredDevice,
  StoredGroup,
  StoredMember,
  StoredMessage,
} from "./store.ts";

export const messageColumns = `seq, sender_account AS senderAccount, sender_device AS senderDevice,
  client_message_id AS clientMessageId, server_time_ms AS serverTimeMs, body,
  content, silent_count AS silentCount, devices`;

export type Row<Fields> = {
  readonly [Key in keyof Fields]: Fields[Key] extends boolean ? number : Fields[Key];
};

export function loadSnapshot(sql: Sql): Snapshot | undefined {
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
  const newest = sql.first<Row<StoredMessage>>(
    `SELECT ${messageColumns} FROM messages ORDER BY seq DESC LIMIT 1`,
  );
  const uncounted = sql.all<{ seq: Sequence; account: AccountId }>(
    "SELECT seq, sender_account AS account FROM messages WHERE seq > ? AND content = 1",
    record.countedSeq,
  );
  const group = sql.first<Row<StoredGroup>>(
    `SELECT epoch, op_hash AS opHash, rotation_epoch AS rotationEpoch, settings_epoch AS settingsEpoch, settings,
       invite, invite_ended AS inviteEnded, dissolved FROM group_head`,
  );
  return { record, members, devices, newest, group, uncounted };
}
