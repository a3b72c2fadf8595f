/** What is known of every conversation: kept in memory, written through transactions, merged with the server's word. */
import type { ClientEvent } from "../client-api.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { ConversationSummary, DirectSummary } from "#schema/protocol/conversation.ts";
import type { Receipt } from "#schema/protocol/receipt.ts";
import type { Records, Transaction } from "../store/records.ts";
import { orderedKey } from "../store/sealed-store.ts";
import { type ConversationRecord, conversationTable, messageKey, messageTable } from "../store/tables.ts";
import type { Self } from "./self.ts";

export class Conversations {
  readonly #records: Records;
  readonly #self: Self;
  readonly #known = new Map<ConversationId, ConversationRecord>();

  constructor(records: Records, self: Self, emit: (event: ClientEvent) => void) {
    this.#records = records;
    this.#self = self;
    records.watch(conversationTable, (_, value) => {
      if (value === undefined) return;
      const before = this.#known.get(value.conversationId);
      this.#known.set(value.conversationId, value);
      emit({ type: "conversations" });
      const isSeen = before?.peerRead !== value.peerRead || before.peerDelivered !== value.peerDelivered;
      if (isSeen) emit({ type: "messages", conversationId: value.conversationId });
    });
  }

  async load(): Promise<void> {
    for (const { value } of await this.#records.list(conversationTable)) {
      this.#known.set(value.conversationId, value);
    }
  }

  get(conversationId: ConversationId): ConversationRecord | undefined {
    return this.#known.get(conversationId);
  }

  all(): ConversationRecord[] {
    return [...this.#known.values()];
  }

  /** The direct conversation with an account. */
  find(peer: AccountId): ConversationRecord | undefined {
    return this.all().find((record) => record.peer.account === peer);
  }

  /** Takes over summaries; a conversation that is new here is created. Nothing is written when nothing changed. */
  async merge(summaries: readonly ConversationSummary[], startedHere = false): Promise<void> {
    const direct = summaries.filter((summary) => summary.kind === "direct");
    if (direct.length === 0) return;
    await this.#records.transact(async (transaction) => {
      for (const summary of direct) {
        const before = await transaction.get(conversationTable, summary.conversationId);
        const after = await this.#merged(transaction, before, summary, startedHere);
        if (JSON.stringify(before) !== JSON.stringify(after)) {
          transaction.put(conversationTable, summary.conversationId, after);
        }
      }
    });
  }

  /** Watermarks of the peer, and of this account's other devices. */
  async applyReceipts(receipts: readonly Receipt[]): Promise<void> {
    const isNews = receipts.some((receipt) => {
      const known = this.get(receipt.conversationId);
      if (known === undefined) return false;
      if (receipt.account === this.#self.account) return receipt.read > known.readSeq;
      return receipt.delivered > known.peerDelivered || receipt.read > known.peerRead;
    });
    if (!isNews) return;
    await this.#records.transact(async (transaction) => {
      for (const receipt of receipts) {
        const record = await transaction.get(conversationTable, receipt.conversationId);
        if (record === undefined) continue;
        const after =
          receipt.account === this.#self.account
            ? await this.#withRead(transaction, record, receipt.read)
            : {
                ...record,
                peerDelivered: Math.max(record.peerDelivered, receipt.delivered, receipt.read),
                peerRead: Math.max(record.peerRead, receipt.read),
              };
        transaction.put(conversationTable, receipt.conversationId, after);
      }
    });
  }

  /** The person has seen everything up to `seq`. Returns whether that was news. */
  async markRead(conversationId: ConversationId, seq: number): Promise<boolean> {
    const known = this.get(conversationId);
    if (known === undefined || Math.min(seq, known.cursor) <= known.readSeq) return false;
    return this.#records.transact(async (transaction) => {
      const record = await transaction.get(conversationTable, conversationId);
      const target = Math.min(seq, record?.cursor ?? 0);
      if (record === undefined || target <= record.readSeq) return false;
      const read = await this.#withRead(transaction, record, target);
      transaction.put(conversationTable, conversationId, { ...read, readPending: true });
      return true;
    });
  }

  async #withRead(
    transaction: Transaction,
    record: ConversationRecord,
    read: number,
  ): Promise<ConversationRecord> {
    if (read <= record.readSeq) return record;
    const { conversationId, cursor } = record;
    if (read >= cursor) return { ...record, readSeq: read, unread: 0 };
    const unseen = await transaction.list(messageTable, {
      from: messageKey(conversationId, read + 1),
      below: `${conversationId}/${orderedKey(cursor + 1)}`,
      limit: limits.unreadMax,
    });
    const unread = unseen.filter(({ value }) => countsAsUnread(this.#self, value)).length;
    return { ...record, readSeq: read, unread };
  }

  async #merged(
    transaction: Transaction,
    before: ConversationRecord | undefined,
    summary: DirectSummary,
    startedHere: boolean,
  ): Promise<ConversationRecord> {
    const record = before ?? this.#created(summary);
    const read = await this.#withRead(transaction, record, summary.read);
    return {
      ...read,
      peer: { account: summary.peer.account, username: summary.peer.username },
      lastSeq: Math.max(read.lastSeq, summary.lastSeq),
      updatedAtMs: Math.max(read.updatedAtMs, summary.updatedAtMs),
      remoteUnread: summary.unread,
      startedHere: read.startedHere || startedHere,
    };
  }

  #created(summary: DirectSummary): ConversationRecord {
    const isYoung = summary.createdAtMs >= this.#self.joinedAtMs || summary.lastSeq === 0;
    return {
      conversationId: summary.conversationId,
      peer: { account: summary.peer.account, username: summary.peer.username },
      createdAtMs: summary.createdAtMs,
      updatedAtMs: summary.updatedAtMs,
      lastSeq: 0,
      floor: 0,
      cursor: 0,
      placed: isYoung,
      ahead: [],
      readSeq: 0,
      unread: 0,
      remoteUnread: 0,
      peerDelivered: 0,
      peerRead: 0,
      deliveredPending: false,
      readPending: false,
      nextPosition: 1,
      startedHere: false,
    };
  }
}

/** Whether a stored message adds to the unread count. */
export function countsAsUnread(
  self: Self,
  message: { readonly sender: { readonly account: AccountId }; readonly content: { readonly type: string } },
): boolean {
  return message.sender.account !== self.account && message.content.type !== "nothing";
}

/** The record after message `seq` was stored: the cursor passes everything that is now contiguous. */
export function withSequenced(
  record: ConversationRecord,
  seq: number,
  serverTimeMs: number,
): ConversationRecord {
  const ahead = new Set(record.ahead);
  ahead.add(seq);
  let { cursor } = record;
  while (ahead.delete(cursor + 1)) cursor += 1;
  return {
    ...record,
    cursor,
    ahead: [...ahead].filter((position) => position > cursor),
    lastSeq: Math.max(record.lastSeq, seq),
    updatedAtMs: Math.max(record.updatedAtMs, serverTimeMs),
  };
}
