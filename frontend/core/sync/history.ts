/** Pages of a conversation's log from the server. */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { EnvelopeError } from "#schema/envelope/envelope-error.ts";
import { groupKeyEntryType } from "#schema/envelope/group-body.ts";
import { groupOpType } from "#schema/envelope/group-op.ts";
import { listMessages } from "#schema/http/conversations.ts";
import type { AnswerOf } from "#schema/http/route.ts";
import type { ClientMessageId, ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import type { SessionCall } from "../api/session-api.ts";
import { groupOperationTable } from "../store/group-tables.ts";
import type { Records, Transaction } from "../store/records.ts";
import { conversationTable, messageKey, messageTable, type StoredContent, under } from "../store/tables.ts";
import type { Self } from "./self.ts";

export class HistoryPager {
  readonly #records: Records;
  readonly #self: Self;
  readonly #call: SessionCall;

  constructor(records: Records, self: Self, call: SessionCall) {
    this.#records = records;
    this.#self = self;
    this.#call = call;
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

  /** The last sequence number from before this device joined: older messages have no capsule for it. */
  async findFloor(conversationId: ConversationId): Promise<number> {
    let before: number | undefined;
    for (;;) {
      const range = { limit: limits.pageMax, ...(before !== undefined && { before }) };
      const { messages, more } = await this.page(conversationId, range);
      const last = messages.findLast((message) => this.#isFromBefore(message));
      if (last !== undefined) return last.seq;
      before = messages[0]?.seq;
      if (!more || before === undefined) return 0;
    }
  }

  /**
   * Stores one more page of messages from before this device joined, as placeholders below the floor.
   * Returns false when there is nothing older. Throws `SottoError` and `StoreError`.
   */
  async extend(conversationId: ConversationId, limit: number): Promise<boolean> {
    const floor = (await this.#records.read(conversationTable, conversationId))?.floor ?? 0;
    if (floor === 0) return false;
    const { messages } = await this.page(conversationId, { before: floor + 1, limit });
    return this.#records.transact(async (transaction) => {
      const record = await transaction.get(conversationTable, conversationId);
      if (record === undefined || record.floor !== floor || messages.length === 0) return false;
      let lowest = floor;
      for (const { capsule: _capsule, body, ...message } of messages.toReversed()) {
        if (message.seq !== lowest) break; // only a page that joins on
        lowest -= 1;
        transaction.insert(messageTable, messageKey(conversationId, message.seq), {
          conversationId,
          seq: message.seq,
          sender: message.sender,
          clientMessageId: message.clientMessageId,
          serverTimeMs: message.serverTimeMs,
          content: await oldContent(transaction, conversationId, body),
        });
      }
      if (lowest === floor) return false;
      transaction.put(conversationTable, conversationId, { ...record, floor: lowest });
      return true;
    });
  }

  #isFromBefore(message: MessageRecord): boolean {
    return message.capsule === undefined && message.serverTimeMs < this.#self.joinedAtMs;
  }
}

/** From before this device: texts cannot be read, but what happened to the group is known from its operations. */
async function oldContent(
  transaction: Transaction,
  conversationId: ConversationId,
  body: string,
): Promise<StoredContent> {
  const type = tryTypeOf(body);
  if (type === groupKeyEntryType) return { type: "nothing" };
  if (type !== groupOpType) return { type: "unreadable", reason: "before_this_device" };
  const operations = await transaction.list(groupOperationTable, under(conversationId));
  const known = operations.find(({ value }) => value.operation === body);
  const change = known?.value.change;
  return change === undefined ? { type: "nothing" } : { type: "group_change", change };
}

/** The byte that tells what an entry is. */
function tryTypeOf(body: string): number | undefined {
  try {
    return decodeBase64url(body.slice(0, 4))[1];
  } catch (error) {
    if (error instanceof EnvelopeError) return undefined;
    throw error;
  }
}
