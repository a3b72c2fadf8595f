/** What is known of every conversation: kept in memory, written through transactions, merged with the server's word. */
import type { ClientEvent } from "../client-api.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { ConversationSummary } from "#schema/protocol/conversation.ts";
import type { Receipt, ReceiptLow } from "#schema/protocol/receipt.ts";
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
    return this.all().find((record) => record.peer?.account === peer);
  }

  /** Takes over summaries; a conversation that is new here is created. Nothing is written when nothing changed. */
  async merge(summaries: readonly ConversationSummary[], startedHere = false): Promise<void> {
    if (summaries.length === 0) return;
    await this.#records.transact(async (transaction) => {
      for (const summary of summaries) {
        const before = await transaction.get(conversationTable, summary.conversationId);
        const after = await this.#merged(transaction, before, summary, startedHere);
        if (JSON.stringify(before) !== JSON.stringify(after)) {
          transaction.put(conversationTable, summary.conversationId, after);
        }
      }
    });
  }

  /** This account is out: known before its inbox says so, which it never does to who left before it was told of the coming in. */
  async leave(conversationId: ConversationId): Promise<void> {
    await this.#records.transact(async (transaction) => {
      const record = await transaction.get(conversationTable, conversationId);
      if (record?.group === undefined) return;
      const group = { ...record.group, left: true };
      transaction.put(conversationTable, conversationId, { ...record, group, remoteUnread: 0 });
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
        // Of a group only the own account's are told one by one.
        if (record.group !== undefined && receipt.account !== this.#self.account) continue;
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

  /** What everyone in a group has, and has read: a member leaves itself out. */
  async applyLow(lows: readonly ReceiptLow[]): Promise<void> {
    const others = ({ account, seq, next }: ReceiptLow["read"]): number =>
      account === this.#self.account ? (next ?? 0) : seq;
    const marks = lows.map(({ conversationId, delivered, read }) => {
      return { conversationId, delivered: Math.max(others(delivered), others(read)), read: others(read) };
    });
    const isNews = marks.some(({ conversationId, delivered, read }) => {
      const known = this.get(conversationId);
      return known !== undefined && (delivered > known.peerDelivered || read > known.peerRead);
    });
    if (!isNews) return;
    await this.#records.transact(async (transaction) => {
      for (const { conversationId, delivered, read } of marks) {
        const record = await transaction.get(conversationTable, conversationId);
        if (record?.group === undefined) continue;
        const peerDelivered = Math.max(record.peerDelivered, delivered);
        const peerRead = Math.max(record.peerRead, read);
        transaction.put(conversationTable, conversationId, { ...record, peerDelivered, peerRead });
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
    summary: ConversationSummary,
    startedHere: boolean,
  ): Promise<ConversationRecord> {
    const record = before ?? this.#created(summary);
    const read = await this.#withRead(transaction, record, summary.read);
    const merged = {
      lastSeq: Math.max(read.lastSeq, summary.lastSeq),
      updatedAtMs: Math.max(read.updatedAtMs, summary.updatedAtMs),
      remoteUnread: summary.unread,
      startedHere: read.startedHere || startedHere,
    };
    if (summary.kind === "direct") {
      const { account, username } = summary.peer;
      return { ...read, ...merged, peer: { account, username }, group: undefined };
    }
    const { left } = summary.group;
    const group = { joinedSeq: 0, ...read.group, left };
    // Out: nothing more comes, and who comes back starts anew.
    const isBack = read.group?.left === true && !left;
    const after = { ...read, ...merged, peer: undefined, group, placed: read.placed && !isBack };
    return left ? { ...after, lastSeq: read.lastSeq, remoteUnread: 0 } : after;
  }

  #created(summary: ConversationSummary): ConversationRecord {
    const isYoung = summary.createdAtMs >= this.#self.joinedAtMs || summary.lastSeq === 0;
    const who =
      summary.kind === "direct"
        ? { peer: { account: summary.peer.account, username: summary.peer.username } }
        : { group: { left: summary.group.left, joinedSeq: 0 } };
    return {
      ...who,
      conversationId: summary.conversationId,
      createdAtMs: summary.createdAtMs,
      updatedAtMs: summary.updatedAtMs,
      lastSeq: 0,
      floor: 0,
      cursor: 0,
      placed: isYoung && summary.kind === "direct",
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

/** The place of the first message in the log that is this account's to read. */
export function firstReadable({ group }: ConversationRecord): number {
  return Math.max(1, group?.given?.from ?? group?.joinedSeq ?? 1);
}

/** Whether a stored message adds to the unread count. */
export function countsAsUnread(
  self: Self,
  message: { readonly sender: { readonly account: AccountId }; readonly content: { readonly type: string } },
): boolean {
  const { type } = message.content;
  return message.sender.account !== self.account && type !== "nothing" && type !== "group_change";
}

/** The record of a log that begins after `start` for this device: the cursor passes what it has sent there itself meanwhile. */
export function placedAt<Placed extends ConversationRecord>(record: Placed, start: number): Placed {
  const ahead = new Set(record.ahead);
  let cursor = start;
  while (ahead.delete(cursor + 1)) cursor += 1;
  const left = [...ahead].filter((position) => position > cursor);
  return { ...record, placed: true, floor: start, cursor, ahead: left };
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
