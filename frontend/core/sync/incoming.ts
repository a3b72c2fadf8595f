/**
 * The one path for everything with a sequence number, whichever channel or page it came by.
 *
 * Messages are applied strictly in order and each exactly once. What arrives early waits; a hole is healed by asking
 * for everything after the cursor (SPEC CL20, CL21).
 */
import type { ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import { conversationTable } from "../store/tables.ts";
import { type Conversations, placedAt } from "./conversations.ts";
import type { GroupPlacing } from "./groups/group-placing.ts";
import type { HistoryPager } from "./history.ts";
import { Pump } from "./lane.ts";
import type { MessageApplier } from "./message-applier.ts";

/** Messages per transaction: many enough to be quick, few enough that a view fills while the rest is decrypted. */
const batchMax = 64;
/** Early messages kept per conversation; healing brings the others again. */
const earlyMax = 4_000;
const retryAfterFaultMs = 3_000;

export interface IncomingLinks {
  /** Something is missing after the cursor (or no longer). */
  gap(conversationId: ConversationId, isOpen: boolean): void;
  /** Everything up to the cursor is stored. */
  stored(conversationId: ConversationId): void;
  /** Another owner of the store was quicker: what is held in memory has to be read again. */
  overtaken(conversationId: ConversationId): Promise<void>;
}

export class Incoming {
  readonly #environment: Environment;
  readonly #records: Records;
  readonly #conversations: Conversations;
  readonly #applier: MessageApplier;
  readonly #history: HistoryPager;
  readonly #groups: () => Promise<GroupPlacing>;
  readonly #links: IncomingLinks;
  readonly #early = new Map<ConversationId, Map<number, MessageRecord>>();
  readonly #pumps = new Map<ConversationId, Pump>();
  /** Cursors before a hole, as of the last look at it. */
  readonly #holes = new Map<ConversationId, number>();
  #stopped = false;

  constructor(
    environment: Environment,
    records: Records,
    conversations: Conversations,
    applier: MessageApplier,
    history: HistoryPager,
    groups: () => Promise<GroupPlacing>,
    links: IncomingLinks,
  ) {
    this.#environment = environment;
    this.#records = records;
    this.#conversations = conversations;
    this.#applier = applier;
    this.#history = history;
    this.#groups = groups;
    this.#links = links;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Takes messages in any order, known ones included. */
  offer(conversationId: ConversationId, messages: readonly MessageRecord[]): void {
    const early = this.#early.get(conversationId) ?? new Map<number, MessageRecord>();
    this.#early.set(conversationId, early);
    const cursor = this.#conversations.get(conversationId)?.cursor ?? 0;
    for (const message of messages) {
      if (message.seq > cursor && early.size < earlyMax) early.set(message.seq, message);
    }
    this.check(conversationId);
  }

  /** Applies what is contiguous and asks for what is missing. */
  check(conversationId: ConversationId): void {
    if (this.#stopped) return;
    void this.#pump(conversationId).request();
  }

  /** Resolves when what was offered so far is applied, as far as it can be now. Never rejects. */
  applied(conversationId: ConversationId): Promise<void> {
    return this.#pump(conversationId).request();
  }

  /** Fetches and applies history pages until everything before `hotFrom` is stored. Throws when a page brings nothing. */
  async fillBelow(conversationId: ConversationId, hotFrom: number): Promise<void> {
    const cursor = (): number => this.#conversations.get(conversationId)?.cursor ?? 0;
    await this.#pump(conversationId).request();
    while (!this.#stopped && cursor() < hotFrom - 1) {
      const before = cursor();
      const range = { after: before, limit: limits.pageMax };
      const { messages } = await this.#history.page(conversationId, range);
      this.offer(conversationId, messages);
      await this.#pump(conversationId).request();
      if (cursor() === before) throw new Error("the page brought nothing that follows");
    }
  }

  #pump(conversationId: ConversationId): Pump {
    const pump = this.#pumps.get(conversationId) ?? new Pump(() => this.#work(conversationId));
    this.#pumps.set(conversationId, pump);
    return pump;
  }

  async #work(conversationId: ConversationId): Promise<void> {
    try {
      const known = this.#conversations.get(conversationId);
      if (known === undefined) return; // its summary is on the way
      if (known.group?.left === true && this.#contiguous(conversationId).length === 0) {
        this.#links.gap(conversationId, false);
        return;
      }
      if (!known.placed) await this.#place(conversationId);
      while (!this.#stopped) {
        const batch = this.#contiguous(conversationId);
        if (batch.length === 0) break;
        const before = this.#conversations.get(conversationId)?.cursor;
        await this.#applier.apply(conversationId, batch);
        if (this.#conversations.get(conversationId)?.cursor === before) {
          await this.#links.overtaken(conversationId);
          if (this.#conversations.get(conversationId)?.cursor === before) break;
        }
        this.#links.stored(conversationId);
      }
      if (this.#isStuck(conversationId) && (await (await this.#groups()).leap(conversationId)))
        return this.check(conversationId);
      this.#links.gap(conversationId, this.#hasGap(conversationId));
    } catch {
      // offline, refused or a full disk: nothing was written, and what is early stays
      if (this.#stopped) return;
      this.#environment.setTimer(retryAfterFaultMs, () => this.check(conversationId));
    }
  }

  #contiguous(conversationId: ConversationId): MessageRecord[] {
    const early = this.#early.get(conversationId);
    const cursor = this.#conversations.get(conversationId)?.cursor ?? 0;
    if (early === undefined) return [];
    for (const seq of early.keys()) if (seq <= cursor) early.delete(seq);
    const batch: MessageRecord[] = [];
    for (let seq = cursor + 1; batch.length < batchMax; seq += 1) {
      const message = early.get(seq);
      if (message === undefined) break;
      batch.push(message);
    }
    return batch;
  }

  /** A hole in a group's log that asking again has not filled: the account may have been out in between. */
  #isStuck(conversationId: ConversationId): boolean {
    const { cursor, group } = this.#conversations.get(conversationId) ?? {};
    const hasHole = group?.left === false && (this.#early.get(conversationId)?.size ?? 0) > 0;
    const isKnown = hasHole && this.#holes.get(conversationId) === cursor;
    if (hasHole && cursor !== undefined) this.#holes.set(conversationId, cursor);
    else this.#holes.delete(conversationId);
    return isKnown;
  }

  #hasGap(conversationId: ConversationId): boolean {
    const { cursor = 0, lastSeq = 0, group } = this.#conversations.get(conversationId) ?? {};
    if (group?.left === true) return false;
    return cursor < lastSeq || (this.#early.get(conversationId)?.size ?? 0) > 0;
  }

  /** A conversation older than this device: finds where the messages begin that have a capsule for it. */
  async #place(conversationId: ConversationId): Promise<void> {
    const isGroup = this.#conversations.get(conversationId)?.group !== undefined;
    const page = isGroup
      ? await (await this.#groups()).place(conversationId)
      : await this.#placeDirect(conversationId);
    // Not waited for: what is new comes first.
    this.#history.store(conversationId, page).catch(() => undefined); // the first look fetches it again
  }

  async #placeDirect(conversationId: ConversationId): Promise<readonly MessageRecord[]> {
    const { floor, page } = await this.#history.findFloor(conversationId);
    await this.#records.transact(async (transaction) => {
      const record = await transaction.get(conversationTable, conversationId);
      if (record === undefined || record.placed) return;
      transaction.put(conversationTable, conversationId, {
        ...placedAt(record, Math.max(floor, record.cursor)),
        unread: this.#history.countUnread(page, record.readSeq),
      });
    });
    return page;
  }
}
