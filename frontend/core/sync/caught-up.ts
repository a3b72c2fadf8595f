import type { ConversationId } from "#schema/ids.ts";

/**
 * Which conversations' logs were read to their end since the start. Nothing is sealed for the others: their log may show that this
 * store was put back (SPEC CV82).
 */
export class CaughtUp {
  readonly #known = new Set<ConversationId>();
  readonly #apply: (conversationId: ConversationId) => Promise<void>;

  /** `apply` resolves when what was received is applied, and never rejects. */
  constructor(apply: (conversationId: ConversationId) => Promise<void>) {
    this.#apply = apply;
  }

  has(conversationId: ConversationId): boolean {
    return this.#known.has(conversationId);
  }

  /** A socket has brought the log to its end. Calls `ready` when that is applied, at once where it was before. */
  async reach(conversationId: ConversationId, ready: () => void): Promise<void> {
    const isKnown = this.#known.has(conversationId);
    if (isKnown) ready();
    await this.#apply(conversationId);
    this.#known.add(conversationId);
    if (!isKnown) ready();
  }
}
