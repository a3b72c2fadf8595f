/** Keys of a group's earlier messages that this device can hand on: of what it opened itself, and of what came to it by keys (decision 140). */
import { groupBodyType } from "#schema/envelope/group-body.ts";
import type { ConversationId } from "#schema/ids.ts";
import { entryOf } from "../../backup/batch.ts";
import type { KeyEntry } from "../../crypto/backup/key-entries.ts";
import type { Records } from "../../store/records.ts";
import { messageKey, messageTable } from "../../store/tables.ts";
import type { HistoryKeys } from "../history.ts";

/** Positions looked at in one go. */
const chunkPositions = 128;

export interface KeySources {
  readonly records: Records;
  readonly keys: HistoryKeys;
}

/**
 * Chunks of keys of positions `from` to below `below`, each ascending, the newest chunk first. What vanished here, and what this device could
 * never open, is not among them.
 */
export async function* shareableKeys(
  sources: KeySources,
  conversationId: ConversationId,
  from: number,
  below: number,
): AsyncGenerator<{ readonly from: number; readonly entries: readonly KeyEntry[] }> {
  for (let end = below; end > from; end -= chunkPositions) {
    const start = Math.max(from, end - chunkPositions);
    yield { from: start, entries: await keysOf(sources, conversationId, start, end) };
  }
}

async function keysOf(
  { records, keys }: KeySources,
  conversationId: ConversationId,
  from: number,
  below: number,
): Promise<KeyEntry[]> {
  const stored = await records.list(messageTable, {
    from: messageKey(conversationId, from),
    below: messageKey(conversationId, below),
  });
  const found = new Map(stored.flatMap(({ value }) => entryOf(value)).map((entry) => [entry.seq, entry]));
  const isOpenedByKey = stored.some(
    ({ value: { seq, content } }) =>
      content.type !== "nothing" && content.type !== "group_change" && !found.has(seq),
  );
  if (isOpenedByKey || stored.length < below - from) {
    for (const [seq, entry] of await keys.keys(conversationId, from, below - 1)) {
      if (seq >= from && seq < below && !found.has(seq)) found.set(seq, entry);
    }
  }
  return [...found.values()]
    .filter(({ bodyType }) => bodyType === groupBodyType)
    .sort((a, b) => a.seq - b.seq);
}
