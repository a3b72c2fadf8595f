/** Pages of a conversation's log from the server. */
import { groupKeyEntryType } from "#schema/envelope/group-body.ts";
import { groupOpType } from "#schema/envelope/group-op.ts";
import { listMessages } from "#schema/http/conversations.ts";
import type { AnswerOf } from "#schema/http/route.ts";
import type { ClientMessageId, ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import type { SessionCall } from "../api/session-api.ts";
import type { KeyEntry } from "../crypto/backup/key-entries.ts";
import { groupOperationTable } from "../store/group-tables.ts";
import type { Records, Transaction } from "../store/records.ts";
import {
  type ConversationRecord,
  conversationTable,
  messageKey,
  messageTable,
  type StoredContent,
  type StoredMessage,
  under,
} from "../store/tables.ts";
import { firstReadable } from "./conversations.ts";
import { namedChange } from "./groups/settings-keys.ts";
import { isUsable, openWithEntry, typeOfBody } from "./key-opening.ts";
import type { Self } from "./self.ts";

/** Where keys of messages from before this device joined come from. */
export interface HistoryKeys {
  keys(conversationId: ConversationId, from: number, to: number): Promise<ReadonlyMap<number, KeyEntry>>;
}

export class HistoryPager {
  readonly #records: Records;
  readonly #self: Self;
  readonly #call: SessionCall;
  readonly #keys: HistoryKeys;

  constructor(records: Records, self: Self, call: SessionCall, keys: HistoryKeys) {
    this.#records = records;
    this.#self = self;
    this.#call = call;
    this.#keys = keys;
  }

  /** The key kept for one position, as far as it can be had. */
  async key(conversationId: ConversationId, seq: number): Promise<KeyEntry | undefined> {
    return (await this.#keys.keys(conversationId, seq, seq)).get(seq);
  }

  /** One page, ascending. Throws `SottoError`. */
  async page(
    conversationId: ConversationId,
    range: { readonly before?: number; readonly after?: number; readonly limit: number },
  ): Promise<{ readonly messages: MessageRecord[]; readonly more: boolean }> {
    const answer: AnswerOf<typeof listMessages> = await this.#call(listMessages, {
      params: { conversation: conversationId },
      query: range,
    });
    const messages = answer.messages.map((message) => ({
      ...message,
      conversationId,
      clientMessageId: message.clientMessageId as ClientMessageId,
    }));
    return { messages, more: answer.more };
  }

  /**
   * The last sequence number from before this device joined: older messages have no capsule for it. `page` holds what
   * was read on the way and ends there. Nothing below `downTo` is looked at.
   */
  async findFloor(
    conversationId: ConversationId,
    downTo = 1,
  ): Promise<{ readonly floor: number; readonly page: readonly MessageRecord[] }> {
    let before: number | undefined;
    for (;;) {
      const range = { limit: limits.pageMax, ...(before !== undefined && { before }) };
      const { messages, more } = await this.page(conversationId, range);
      const at = messages.findLastIndex((message) => this.#isFromBefore(message));
      if (at >= 0) return { floor: messages[at]?.seq ?? 0, page: messages.slice(0, at + 1) };
      before = messages[0]?.seq;
      if (!more || before === undefined || before <= downTo) return { floor: 0, page: [] };
    }
  }

  /**
   * Stores one more page of messages from before this device joined, below the floor. Returns false when there is
   * nothing older. Throws `SottoError` and `StoreError`.
   */
  async extend(conversationId: ConversationId, limit: number): Promise<boolean> {
    const record = await this.#records.read(conversationTable, conversationId);
    if (record === undefined || record.floor < firstReadable(record)) return false;
    const { floor } = record;
    const { messages } = await this.page(conversationId, { before: floor + 1, limit });
    return this.store(conversationId, messages);
  }

  /**
   * Stores messages that end at the floor, opened with keys of the backup; those whose key is not there as placeholders.
   * Returns whether anything joined on. Throws `StoreError`.
   */
  async store(conversationId: ConversationId, messages: readonly MessageRecord[]): Promise<boolean> {
    const [first, last] = [messages[0], messages.at(-1)];
    if (first === undefined || last === undefined) return false;
    const keys = await this.#keys.keys(conversationId, first.seq, last.seq);
    return this.#records.transact(async (transaction) => {
      const record = await transaction.get(conversationTable, conversationId);
      if (record === undefined) return false;
      let lowest = record.floor;
      for (const message of messages.toReversed()) {
        if (message.seq !== lowest || lowest < firstReadable(record)) break; // only a page that joins on
        lowest -= 1;
        const { seq, sender, clientMessageId, serverTimeMs } = message;
        const content =
          (await openWithEntry({ transaction, self: this.#self }, message, keys.get(seq))) ??
          (await oldContent(transaction, this.#self, message, keys.get(seq)));
        const key = messageKey(conversationId, seq);
        // Of an earlier stay in a group there is more than keys that were handed over.
        if ((await transaction.get(messageTable, key)) !== undefined) continue;
        const stored = { conversationId, seq, sender, clientMessageId, serverTimeMs, content };
        transaction.put(messageTable, key, { ...stored, ...vouchedFor(record, stored) });
      }
      if (lowest === record.floor) return false;
      transaction.put(conversationTable, conversationId, { ...record, floor: lowest });
      return true;
    });
  }

  /** Opens stored placeholders, given ascending, whose keys have come since. Throws `SottoError` and `StoreError`. */
  async mend(conversationId: ConversationId, seqs: readonly number[]): Promise<void> {
    const [from, to] = [Math.min(...seqs), Math.max(...seqs)];
    const keys = await this.#keys.keys(conversationId, from, to);
    const last = seqs.findLast((seq) => isUsable(keys.get(seq)));
    if (last === undefined) return;
    const { messages } = await this.page(conversationId, { before: last + 1, limit: limits.pageMax });
    await this.#records.transact(async (transaction) => {
      for (const message of messages) {
        const key = messageKey(conversationId, message.seq);
        const stored = await transaction.get(messageTable, key);
        if (stored === undefined || !isNotInBackup(stored.content)) continue;
        const taking = { transaction, self: this.#self };
        const content = await openWithEntry(taking, message, keys.get(message.seq));
        if (content === undefined) continue;
        const record = await transaction.get(conversationTable, conversationId);
        transaction.put(messageTable, key, {
          ...stored,
          content,
          ...vouchedFor(record, { ...stored, content }),
        });
      }
    });
  }

  /** How many of the messages after `seq` are of others: what was unread when this device joined. */
  countUnread(messages: readonly MessageRecord[], seq: number): number {
    return messages.filter((message) => {
      const type = typeOfBody(message);
      const isEvent = type === groupOpType || type === groupKeyEntryType;
      return message.seq > seq && message.sender.account !== this.#self.account && !isEvent;
    }).length;
  }

  #isFromBefore(message: MessageRecord): boolean {
    return message.capsule === undefined && message.serverTimeMs < this.#self.joinedAtMs;
  }
}

/** From before the account came in: that others wrote it is the word of who handed the key over. */
function vouchedFor(
  record: ConversationRecord | undefined,
  { seq, sender, content }: Pick<StoredMessage, "seq" | "sender" | "content">,
): Pick<StoredMessage, "sharedBy"> {
  const { given, joinedSeq = 0 } = record?.group ?? {};
  const isWritten = content.type === "text" || content.type === "attachments";
  if (given === undefined || !isWritten || seq >= joinedSeq || sender.account === given.by) return {};
  return { sharedBy: given.by };
}

const notInBackup = { type: "unreadable", reason: "before_this_device" } as const;

/** A placeholder that a key can still replace. */
export function isNotInBackup(content: StoredContent): boolean {
  return content.type === "unreadable" && content.reason === "before_this_device";
}

/** From before this device: texts cannot be read, but what happened to the group is known from its operations. */
async function oldContent(
  transaction: Transaction,
  self: Self,
  { conversationId, body }: MessageRecord,
  entry: KeyEntry | undefined,
): Promise<StoredContent> {
  const type = typeOfBody({ body });
  if (type === groupKeyEntryType) return { type: "nothing" };
  if (type !== groupOpType) return notInBackup;
  const operations = await transaction.list(groupOperationTable, under(conversationId));
  const known = operations.find(({ value }) => value.operation === body);
  if (known?.value.change === undefined) return { type: "nothing" };
  const { operation, change } = known.value;
  const all = operations.map(({ value }) => value);
  const named = namedChange(self, { operation, change }, entry, all);
  return { type: "group_change", change: named };
}
