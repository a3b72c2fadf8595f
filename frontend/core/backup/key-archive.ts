/** Keys that came back from a backup or a file, in chunks of neighbouring positions. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { groupOpType } from "#schema/envelope/group-op.ts";
import type { ConversationId } from "#schema/ids.ts";
import { type ConversationKeys, type KeyEntry, mergeKeys } from "../crypto/backup/key-entries.ts";
import type { Records, Transaction } from "../store/records.ts";
import { importedChunkTable, keyChunkKey, keyChunkOf, restoredKeyTable } from "../store/backup-tables.ts";

/** The keys of positions `from` to `to`, by position. */
export async function findKeys(
  records: Records,
  conversationId: ConversationId,
  from: number,
  to: number,
): Promise<Map<number, KeyEntry>> {
  const found = new Map<number, KeyEntry>();
  const chunks = await records.list(restoredKeyTable, {
    from: keyChunkKey(conversationId, keyChunkOf(from)),
    below: keyChunkKey(conversationId, keyChunkOf(to) + 1),
  });
  for (const { value } of chunks) for (const entry of value.entries) found.set(entry.seq, entry);
  return found;
}

/**
 * Adds keys; what is known stays as it is, so that adding twice changes nothing. Returns how many messages have one now
 * that had none. `imported` chunks go into this device's own backup.
 */
export async function addKeys(
  transaction: Transaction,
  keys: readonly ConversationKeys[],
  origin: "backup" | "imported",
): Promise<number> {
  let added = 0;
  for (const { conversationId, entries } of keys) {
    const id = encodeBase64url(conversationId) as ConversationId;
    for (const [chunk, news] of Map.groupBy(entries, ({ seq }) => keyChunkOf(seq))) {
      const key = keyChunkKey(id, chunk);
      const known = (await transaction.get(restoredKeyTable, key))?.entries ?? [];
      const merged = mergeKeys(known, news);
      if (merged.length === known.length) continue;
      added += countMessages(merged) - countMessages(known);
      transaction.put(restoredKeyTable, key, { conversationId: decodeBase64url(id), entries: merged });
      if (origin === "backup") continue;
      await transaction.get(importedChunkTable, key);
      transaction.put(importedChunkTable, key, {});
    }
  }
  return added;
}

function countMessages(entries: readonly KeyEntry[]): number {
  return entries.filter((entry) => entry.bodyType !== groupOpType).length;
}
