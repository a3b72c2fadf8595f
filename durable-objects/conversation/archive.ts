/** Copies the log into its archive shard, from an alarm; a row copied twice is one row. */
import type { Sequence } from "#schema/ids.ts";
import type { Losses, StoredMessage } from "./store.ts";

/** Where messages go for good. */
export interface Archive {
  write(conversationId: string, messages: readonly StoredMessage[]): Promise<void>;
  /** Takes over what a conversation has counted of what should never happen. */
  report(conversationId: string, losses: Losses): Promise<void>;
  /** How many messages it holds after `after` up to `upTo`. */
  count(conversationId: string, after: Sequence, upTo: Sequence): Promise<number>;
}

/** Messages in one write, and their characters: half of what D1 takes in one parameter. */
const batchMessages = 500;
const batchChars = 1_000_000;
/** Rest between two batches. */
const restLeastMs = 5;
const restMostMs = 1_000;
/** So many times as long as a batch took the archive rests after it while people are writing. */
const restFactor = 9;
/** When so many messages wait, it rests only as long as they took. */
const backlogMax = 1_000_000;

export interface DrainContext {
  readonly conversationId: string;
  readonly archive: Archive;
  readonly archivedSeq: () => Sequence;
  readonly lastSeq: () => Sequence;
  readonly after: (seq: Sequence, limit: number) => readonly StoredMessage[];
  readonly save: (seq: Sequence) => void;
  readonly now: () => number;
  readonly pause: (delayMs: number) => Promise<void>;
}

/**
 * Writes what is above the watermark and moves it batch by batch, until one was not full: what comes in meanwhile waits
 * for its own alarm, because a batch costs the same whatever is in it. After each batch it rests: people who are writing go first, and
 * where the archive is in the same process nobody would be heard until it has everything.
 * Throws when the archive does not take it.
 */
export async function drainArchive(context: DrainContext): Promise<void> {
  for (let seenSeq = context.lastSeq(); ;) {
    const batch: StoredMessage[] = [];
    let chars = 0;
    const waiting = context.after(context.archivedSeq(), batchMessages);
    for (const message of waiting) {
      if (batch.length > 0 && chars + message.body.length > batchChars) break;
      batch.push(message);
      chars += message.body.length;
    }
    const last = batch.at(-1);
    if (last === undefined) return;
    const startedAtMs = context.now();
    await context.archive.write(context.conversationId, batch);
    context.save(last.seq);
    if (batch.length === waiting.length && waiting.length < batchMessages) return;
    const lastSeq = context.lastSeq();
    const isBusy = lastSeq > seenSeq && lastSeq - last.seq < backlogMax;
    seenSeq = lastSeq;
    await context.pause(restMs(context.now() - startedAtMs, isBusy));
  }
}

function restMs(tookMs: number, isBusy: boolean): number {
  return Math.min(restMostMs, Math.max(restLeastMs, isBusy ? tookMs * restFactor : tookMs));
}
