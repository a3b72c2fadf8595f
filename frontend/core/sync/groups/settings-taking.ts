/** Keys of a group's settings that come after the operations that need them, and what can be told by them then (CRYPTO 2.7). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { type GroupOp, parseGroupOp } from "#schema/envelope/group-op.ts";
import type { ConversationId } from "#schema/ids.ts";
import type { GroupSettings } from "../../crypto/group/group-settings.ts";
import type { GroupSettingsKey } from "../../crypto/group/sender-key-message.ts";
import { backupLateTable } from "../../store/backup-tables.ts";
import {
  type GroupOperationRecord,
  groupOperationTable,
  type GroupRecord,
  type StoredChange,
} from "../../store/group-tables.ts";
import type { Transaction } from "../../store/records.ts";
import { messageKey, messageTable, under } from "../../store/tables.ts";
import type { Self } from "../self.ts";
import { describeSettings, trySettings, withSettings, withSettingsKey } from "./group-changes.ts";
import { openedSettings, settingsOf } from "./settings-keys.ts";

interface Taking {
  readonly transaction: Transaction;
  readonly self: Self;
}

interface SealedChange {
  readonly key: string;
  readonly stored: GroupOperationRecord;
  readonly op: GroupOp;
  readonly sealed: Uint8Array;
}

/**
 * The record with a settings key more, which the caller stages; every line that can be read with it is told again, and the backup learns the
 * key. One that opens no settings of this group is passed over, so that a wrong one never takes the place of a right one.
 */
export async function takeSettingsKey(
  taking: Taking,
  conversationId: ConversationId,
  group: GroupRecord,
  { epoch, key: bytes }: GroupSettingsKey,
): Promise<GroupRecord> {
  const { transaction, self } = taking;
  const key = { epoch, key: encodeBase64url(bytes) };
  if (group.settingsKeys.some((known) => known.epoch === epoch && known.key === key.key)) return group;
  const changes = sealedChanges(await transaction.list(groupOperationTable, under(conversationId)));
  const isNews = ({ sealed }: SealedChange): boolean => trySettings(self, sealed, [key]) !== undefined;
  if (!changes.some(isNews)) return group;
  const after = withSettingsKey(group, key);
  let before: GroupSettings | undefined;
  for (const each of changes) {
    const settings = trySettings(self, each.sealed, after.settingsKeys);
    const { change } = each.stored;
    const read =
      settings && (change?.type === "renamed" ? describeSettings({ before, after: settings }) : change);
    if (read !== undefined && (isNews(each) || JSON.stringify(read) !== JSON.stringify(change)))
      await retell(taking, conversationId, after, each, read);
    before = settings;
  }
  const present = trySettings(self, group.history.head.state.settings, after.settingsKeys);
  return present === undefined ? after : withSettings(after, present);
}

function sealedChanges(
  operations: readonly { readonly key: string; readonly value: GroupOperationRecord }[],
): SealedChange[] {
  return operations.flatMap(({ key, value: stored }) => {
    const op = parseGroupOp(decodeBase64url(stored.operation));
    const sealed = settingsOf(op);
    return sealed === undefined ? [] : [{ key, stored, op, sealed }];
  });
}

async function retell(
  { transaction, self }: Taking,
  conversationId: ConversationId,
  group: GroupRecord,
  { key, stored, op }: SealedChange,
  change: StoredChange,
): Promise<void> {
  await transaction.get(groupOperationTable, key);
  transaction.put(groupOperationTable, key, { ...stored, change });
  const line = messageKey(conversationId, stored.seq);
  const message = await transaction.get(messageTable, line);
  if (message?.content.type !== "group_change") return;
  const opened = openedSettings(self, group, op);
  transaction.put(messageTable, line, { ...message, content: { type: "group_change", change }, ...opened });
  await transaction.get(backupLateTable, line);
  transaction.put(backupLateTable, line, {});
}
