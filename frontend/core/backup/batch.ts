/** Which keys are not in a backup yet, found from what is stored: after a crash nothing is missed. */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { bodyType } from "#schema/envelope/body.ts";
import { groupBodyType } from "#schema/envelope/group-body.ts";
import { groupOpType } from "#schema/envelope/group-op.ts";
import type { ConversationId } from "#schema/ids.ts";
import { type ConversationKeys, type KeyEntry, mergeKeys } from "../crypto/backup/key-entries.ts";
import type { Records, Transaction } from "../store/records.ts";
import {
  backupCursorTable,
  backupLateTable,
  importedChunkTable,
  keyChunkPositions,
  restoredKeyTable,
} from "../store/backup-tables.ts";
import { messageKey, messageTable, type OpenedKey, type StoredMessage } from "../store/tables.ts";
import type { Conversations } from "../sync/conversations.ts";

/** What the next segment takes up, and what is done with once it is written. */
export interface Batch {
  readonly keys: readonly ConversationKeys[];
  readonly entryCount: number;
  readonly cursors: ReadonlyMap<ConversationId, number>;
  readonly late: readonly string[];
  readonly imported: readonly string[];
  /** The limit was reached: there may be more. */
  readonly more: boolean;
}

export async function gatherBatch(
  records: Records,
  conversations: Conversations,
  limit: number,
): Promise<Batch> {
  const keys = new Map<ConversationId, KeyEntry[]>();
  const cursors = new Map<ConversationId, number>();
  let left = limit;
  const add = (conversationId: ConversationId, entries: readonly KeyEntry[]): void => {
    if (entries.length === 0) return;
    keys.set(conversationId, mergeKeys(keys.get(conversationId) ?? [], entries));
    left -= entries.length;
  };
  for (const { conversationId, cursor, floor, placed } of conversations.all()) {
    if (!placed || left <= 0) continue;
    const known = await records.read(backupCursorTable, conversationId);
    const done = Math.max(floor, known?.seq ?? 0);
    if (cursor <= done) continue;
    const stored = await records.list(messageTable, {
      from: messageKey(conversationId, done + 1),
      below: messageKey(conversationId, cursor + 1),
      limit: left,
    });
    add(
      conversationId,
      stored.flatMap(({ value }) => entryOf(value)),
    );
    cursors.set(conversationId, stored.at(-1)?.value.seq ?? cursor);
  }
  const late = left > 0 ? (await records.list(backupLateTable, { limit: left })).map(({ key }) => key) : [];
  for (const key of late) {
    const message = await records.read(messageTable, key);
    if (message !== undefined) add(message.conversationId, entryOf(message));
  }
  const chunks = Math.floor(left / keyChunkPositions);
  const listed = chunks > 0 ? await records.list(importedChunkTable, { limit: chunks }) : [];
  const imported = listed.map(({ key }) => key);
  for (const key of imported) {
    const chunk = await records.read(restoredKeyTable, key);
    if (chunk !== undefined) add(key.slice(0, key.indexOf("/")) as ConversationId, chunk.entries);
  }
  const lists = [...keys].map(([id, entries]) => ({ conversationId: decodeBase64url(id), entries }));
  const entryCount = lists.reduce((sum, { entries }) => sum + entries.length, 0);
  return { keys: lists, entryCount, cursors, late, imported, more: left < keyChunkPositions };
}

/** The key of a stored message; none for what could not be opened, and for what came back from a backup. */
export function entryOf(message: StoredMessage): KeyEntry[] {
  const opened: OpenedKey | undefined = message.opened ?? message.sent;
  if (opened === undefined) return [];
  return [
    {
      seq: message.seq,
      senderAccountId: decodeBase64url(message.sender.account),
      senderDeviceId: message.sender.device,
      sentAtMs: opened.sentAtMs,
      bodyType: typeOf(opened),
      bodyKey: decodeBase64url(opened.key),
      bodyHash: decodeBase64url(opened.hash),
    },
  ];
}

function typeOf({ groupEpoch, isSettings }: OpenedKey): number {
  if (isSettings === true) return groupOpType;
  return groupEpoch === undefined ? bodyType : groupBodyType;
}

/** What the batch took up is not found again. */
export async function passOver(transaction: Transaction, batch: Batch): Promise<void> {
  for (const [conversationId, seq] of batch.cursors) {
    await transaction.get(backupCursorTable, conversationId);
    transaction.put(backupCursorTable, conversationId, { seq });
  }
  for (const key of batch.late) {
    await transaction.get(backupLateTable, key);
    transaction.delete(backupLateTable, key);
  }
  for (const key of batch.imported) {
    await transaction.get(importedChunkTable, key);
    transaction.delete(importedChunkTable, key);
  }
}
