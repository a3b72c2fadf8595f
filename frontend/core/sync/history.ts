/** Pages of a conversation's log from the server. */
import { listMessages } from "#schema/http/conversations.ts";
import type { AnswerOf } from "#schema/http/route.ts";
import type { ClientMessageId, ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import type { SessionCall } from "../api/session-api.ts";
import type { Records } from "../store/records.ts";
import { conversationTable, messageKey, messageTable } from "../store/tables.ts";
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
      for (const { capsule: _capsule, body: _body, ...message } of messages.toReversed()) {
        if (message.seq !== lowest) break; // only a page that joins on
        lowest -= 1;
        transaction.insert(messageTable, messageKey(conversationId, message.seq), {
          conversationId,
          seq: message.seq,
          sender: message.sender,
          clientMessageId: message.clientMessageId,
          serverTimeMs: message.serverTimeMs,
          content: { type: "unreadable", reason: "before_this_device" },
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
