/** Who a group's messages have to be made for: the members of the newest operation, with their verified devices. */
import { SottoError } from "#schema/errors.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import type { DeviceSetDifference } from "#schema/protocol/message.ts";
import type { GroupHistory } from "../../crypto/group/group-history.ts";
import { groupTable } from "../../store/group-tables.ts";
import type { Records } from "../../store/records.ts";
import type { Recipient } from "../capsules.ts";
import type { AccountDevices, Directory } from "../directory.ts";
import { IdentityChangedError } from "../identity-changed.ts";
import { inParallel } from "../lane.ts";
import type { Self } from "../self.ts";
import { accountOf } from "./group-changes.ts";
import { type GroupChains, isContradicted } from "./group-chain.ts";

export interface GroupDevices {
  readonly conversationId: ConversationId;
  readonly history: GroupHistory;
  readonly own: AccountDevices;
  readonly directories: ReadonlyMap<AccountId, AccountDevices>;
  /** Every active device of every member but this one. */
  readonly recipients: readonly Recipient[];
}

export class GroupRoster {
  readonly #records: Records;
  readonly #self: Self;
  readonly #directory: Directory;
  readonly #chains: GroupChains;
  /** Accounts whose lists have to be fetched; the operations are, too. */
  readonly #stale = new Map<ConversationId, Set<AccountId>>();

  constructor(records: Records, self: Self, directory: Directory, chains: GroupChains) {
    this.#records = records;
    this.#self = self;
    this.#directory = directory;
    this.#chains = chains;
  }

  markStale(conversationId: ConversationId, difference: DeviceSetDifference | undefined): void {
    const accounts = this.#stale.get(conversationId) ?? new Set<AccountId>();
    const { missing = [], extra = [], stale = [] } = difference ?? {};
    for (const { account } of [...missing, ...extra, ...stale]) accounts.add(account);
    this.#stale.set(conversationId, accounts);
  }

  /**
   * Throws `SottoError` (`forbidden` for who is out, `unavailable` while the group is contradicted), `CryptoError`, and
   * `IdentityChangedError` for a member who was verified and whose account key was replaced.
   */
  async load(conversationId: ConversationId): Promise<GroupDevices> {
    const stale = this.#stale.get(conversationId);
    let group = await this.#records.read(groupTable, conversationId);
    if (stale !== undefined || group === undefined) group = await this.#chains.sync(conversationId);
    if (isContradicted(group)) {
      await this.#chains.sync(conversationId);
      throw new SottoError("unavailable", "The group's operations are contradicted.");
    }
    if (group.membership !== "member") throw new SottoError("forbidden", "Not a member of the group.");
    if (stale !== undefined) {
      // A refusal without names says nothing about which list is old.
      const members = membersOf(group.history);
      const accounts = stale.size === 0 ? members : members.filter((account) => stale.has(account));
      await inParallel(accounts, (account) => this.#directory.refresh(account));
      this.#stale.delete(conversationId);
    }
    const { history } = group;
    const loaded = await inParallel(membersOf(history), (account) => this.#directory.load(account));
    const directories = new Map(loaded.map((directory) => [directory.account, directory]));
    const own = directories.get(this.#self.account);
    if (own === undefined) throw new SottoError("forbidden", "Not a member of the group.");
    if (loaded.some(({ account }) => this.#directory.isHeld(account))) throw new IdentityChangedError();
    const recipients = loaded.flatMap((directory) =>
      directory.recipients
        .filter((device) => directory !== own || device.deviceId !== this.#self.deviceId)
        .map((device) => ({ device, directory })),
    );
    return { conversationId, history, own, directories, recipients };
  }
}

function membersOf({ head }: GroupHistory): AccountId[] {
  return head.state.members.map(({ accountId }) => accountOf(accountId));
}
