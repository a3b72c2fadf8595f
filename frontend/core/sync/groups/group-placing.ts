/** Where this device begins in the log of a group: with its account's coming in, and not before it joined the account itself. */
import { findGroupMember } from "#schema/envelope/group-state.ts";
import type { ConversationId } from "#schema/ids.ts";
import { groupOperationKey, groupOperationTable, groupTable } from "../../store/group-tables.ts";
import type { Records } from "../../store/records.ts";
import { conversationTable, under } from "../../store/tables.ts";
import type { HistoryPager } from "../history.ts";
import type { Self } from "../self.ts";
import type { GroupChains } from "./group-chain.ts";

export class GroupPlacing {
  readonly #records: Records;
  readonly #self: Self;
  readonly #history: HistoryPager;
  readonly #chains: GroupChains;

  constructor(records: Records, self: Self, history: HistoryPager, chains: GroupChains) {
    this.#records = records;
    this.#self = self;
    this.#history = history;
    this.#chains = chains;
  }

  /** Fetches the operations and sets the cursor before the first entry that is for this device. Throws as `GroupChains.sync`. */
  async place(conversationId: ConversationId): Promise<void> {
    const { history } = await this.#chains.sync(conversationId);
    const conversation = await this.#records.read(conversationTable, conversationId);
    if (conversation === undefined) return;
    const member = findGroupMember(history.head.state, this.#self.own.cert.accountId);
    const key = groupOperationKey(conversationId, member?.joinedEpoch ?? 1);
    const joinedSeq = (await this.#records.read(groupOperationTable, key))?.seq ?? 1;
    const isOlder = conversation.createdAtMs < this.#self.joinedAtMs;
    const floor = isOlder ? (await this.#history.findFloor(conversationId)).floor : 0;
    await this.#records.transact(async (transaction) => {
      const record = await transaction.get(conversationTable, conversationId);
      const group = await transaction.get(groupTable, conversationId);
      if (record?.group === undefined || group === undefined || record.placed) return;
      const start = Math.max(floor, joinedSeq - 1, record.cursor);
      const operations = await transaction.list(groupOperationTable, under(conversationId));
      const isBefore = (seq: number): boolean => seq <= start;
      const logEpoch = operations.filter(({ value }) => isBefore(value.seq)).length;
      transaction.put(groupTable, conversationId, { ...group, logEpoch });
      transaction.put(conversationTable, conversationId, {
        ...record,
        placed: true,
        floor: start,
        cursor: start,
        readSeq: Math.max(record.readSeq, joinedSeq - 1),
        ahead: record.ahead.filter((seq) => seq > start),
        group: { ...record.group, joinedSeq },
      });
    });
  }
}
