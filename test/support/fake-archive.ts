/** An archive like D1's: a row written twice is one row, and it can be down. */
import type { Archive } from "#durable-objects/conversation/archive.ts";
import type { Losses, StoredMessage } from "#durable-objects/conversation/store.ts";

export class D1LikeArchive implements Archive {
  readonly rows = new Map<number, StoredMessage>();
  writes = 0;
  isDown = false;
  /** Writes, then loses the answer. */
  losesAnswer = false;
  /** Happens while it writes. */
  onWrite: (() => void) | undefined;

  readonly losses: Losses[] = [];

  report(_conversationId: string, losses: Losses): Promise<void> {
    if (this.isDown) return Promise.reject(new Error("archive down"));
    this.losses.push(losses);
    return Promise.resolve();
  }

  count(_conversationId: string, after: number, upTo: number): Promise<number> {
    if (this.isDown) return Promise.reject(new Error("archive down"));
    return Promise.resolve([...this.rows.keys()].filter((seq) => seq > after && seq <= upTo).length);
  }

  write(_conversationId: string, messages: readonly StoredMessage[]): Promise<void> {
    if (this.isDown) return Promise.reject(new Error("archive down"));
    this.writes += 1;
    this.onWrite?.();
    for (const message of messages) if (!this.rows.has(message.seq)) this.rows.set(message.seq, message);
    return this.losesAnswer ? Promise.reject(new Error("answer lost")) : Promise.resolve();
  }
}
