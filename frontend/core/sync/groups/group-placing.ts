/** Where this device begins in the log of a group: with its account's coming in, and not before it joined the account itself. */
import { findGroupMember } from "#schema/envelope/group-state.ts";
import type { ConversationId } from "#schema/ids.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import type { GroupHistory } from "../../crypto/group/group-history.ts";
import type { GroupSettingsKey } from "../../crypto/group/sender-key-message.ts";
import { groupOperationKey, groupOperationTable, groupTable } from "../../store/group-tables.ts";
import type { Records } from "../../store/records.ts";
import { conversationTable, under } from "../../store/tables.ts";
import { placedAt } from "../conversations.ts";
import type { HistoryPager } from "../history.ts";
import type { Self } from "../self.ts";
import type { GroupChains } from "./group-chain.ts";
import { givenHistory } from "./given-history.ts";
import { keyFromEntry } from "./settings-keys.ts";
import { takeSettingsKey } from "./settings-taking.ts";

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

  /**
   * Fetches the operations and sets the cursor before the first entry that is for this device. Returns what was read on the way of the
   * entries before it, the newest last. Throws as `GroupChains.sync`.
   */
  async place(conversationId: ConversationId): Promise<readonly MessageRecord[]> {
    const { history } = await this.#chains.sync(conversationId);
    const conversation = await this.#records.read(conversationTable, conversationId);
    if (conversation === undefined) return [];
    const joinedSeq = await this.#joinedSeq(conversationId, history);
    const isOlder = conversation.createdAtMs < this.#self.joinedAtMs;
    const { floor, page } = isOlder
      ? await this.#history.findFloor(conversationId, joinedSeq)
      : { floor: 0, page: [] };
    const shared = await givenHistory(this.#records, this.#self.own.cert.accountId, conversationId, history);
    const settingsKey = isOlder ? await this.#settingsKey(conversationId, history) : undefined;
    await this.#records.transact(async (transaction) => {
      const record = await transaction.get(conversationTable, conversationId);
      const group = await transaction.get(groupTable, conversationId);
      if (record?.group === undefined || group === undefined || record.placed) return;
      const start = Math.max(floor, joinedSeq - 1, record.cursor);
      const operations = await transaction.list(groupOperationTable, under(conversationId));
      const isBefore = (seq: number): boolean => seq <= start;
      const readSeq = Math.max(record.readSeq, joinedSeq - 1);
      const logEpoch = operations.filter(({ value }) => isBefore(value.seq)).length;
      const taking = { transaction, self: this.#self };
      const named =
        settingsKey === undefined ? group : await takeSettingsKey(taking, conversationId, group, settingsKey);
      transaction.put(groupTable, conversationId, { ...named, logEpoch });
      transaction.put(conversationTable, conversationId, {
        ...placedAt(record, start),
        readSeq,
        unread: readSeq >= start ? 0 : this.#history.countUnread(page, readSeq),
        group: {
          left: record.group.left,
          joinedSeq,
          ...(shared && { given: { by: shared.by, from: shared.from } }),
        },
      });
    });
    return page;
  }

  /**
   * Where the account was out and is in again without this device having heard of it, nothing of the time in between ever comes: the
   * conversation is to be placed anew. False when there is no such hole. Throws as `GroupChains.sync`.
   */
  async leap(conversationId: ConversationId): Promise<boolean> {
    const { history } = await this.#chains.sync(conversationId);
    const joinedSeq = await this.#joinedSeq(conversationId, history);
    return this.#records.transact(async (transaction) => {
      const record = await transaction.get(conversationTable, conversationId);
      if (record?.placed !== true || record.cursor >= joinedSeq - 1) return false;
      transaction.put(conversationTable, conversationId, { ...record, placed: false });
      return true;
    });
  }

  /** The position of the operation that brought the account in. */
  async #joinedSeq(conversationId: ConversationId, { head }: GroupHistory): Promise<number> {
    const member = findGroupMember(head.state, this.#self.own.cert.accountId);
    const key = groupOperationKey(conversationId, member?.joinedEpoch ?? 1);
    return (await this.#records.read(groupOperationTable, key))?.seq ?? 1;
  }

  /** Names groups whose keys came from a file. Throws `StoreError`. */
  async nameAll(): Promise<void> {
    for (const { key } of await this.#records.list(groupTable)) await this.#name(key as ConversationId);
  }

  async #name(conversationId: ConversationId): Promise<void> {
    const known = await this.#records.read(groupTable, conversationId);
    const key = known?.title === "" ? await this.#settingsKey(conversationId, known.history) : undefined;
    if (key === undefined) return;
    await this.#records.transact(async (transaction) => {
      const group = await transaction.get(groupTable, conversationId);
      if (group === undefined) return;
      const taking = { transaction, self: this.#self };
      transaction.put(groupTable, conversationId, await takeSettingsKey(taking, conversationId, group, key));
    });
  }

  /** Of the group's present name: a device that comes back has it from the backup before anybody speaks. */
  async #settingsKey(
    conversationId: ConversationId,
    { head }: GroupHistory,
  ): Promise<GroupSettingsKey | undefined> {
    const key = groupOperationKey(conversationId, head.state.settingsEpoch);
    const stored = await this.#records.read(groupOperationTable, key);
    if (stored === undefined) return undefined;
    const entry = await this.#history.key(conversationId, stored.seq);
    return keyFromEntry(this.#self, stored.operation, entry);
  }
}
