/** Usernames of the members of groups: the server's word, as everywhere, asked for when somebody has none yet. */
import { SottoError } from "#schema/errors.ts";
import { listMembers } from "#schema/http/groups.ts";
import type { ConversationId } from "#schema/ids.ts";
import type { SessionCall } from "../../api/session-api.ts";
import type { ClientEvent } from "../../client-api.ts";
import { type GroupRecord, groupTable } from "../../store/group-tables.ts";
import type { Records } from "../../store/records.ts";
import { Pump } from "../lane.ts";
import { accountOf } from "./group-changes.ts";

export class MemberNames {
  readonly #records: Records;
  readonly #call: SessionCall;
  readonly #nameless = new Set<ConversationId>();
  readonly #pump = new Pump(() => this.#work());

  constructor(records: Records, call: SessionCall) {
    this.#records = records;
    this.#call = call;
    records.watch(groupTable, (key, value) => this.#look(key as ConversationId, value));
  }

  async load(): Promise<void> {
    const known = await this.#records.list(groupTable);
    for (const { key, value } of known) if (lacksNames(value)) this.#nameless.add(key as ConversationId);
  }

  /** The server can be asked (again). */
  live(): void {
    void this.#pump.request();
  }

  #look(conversationId: ConversationId, group: GroupRecord | undefined): void {
    if (group === undefined || !lacksNames(group)) this.#nameless.delete(conversationId);
    else {
      this.#nameless.add(conversationId);
      this.live();
    }
  }

  async #work(): Promise<void> {
    for (const conversationId of this.#nameless) {
      this.#nameless.delete(conversationId);
      try {
        await this.#learn(conversationId);
      } catch (error) {
        // offline: with the next connection; out of the group: never mind
        if (!(error instanceof SottoError) || error.remedy !== "give_up") this.#nameless.add(conversationId);
        return;
      }
    }
  }

  async #learn(conversationId: ConversationId): Promise<void> {
    const { members } = await this.#call(listMembers, { params: { conversation: conversationId } });
    const told = new Map(members.map(({ account, username }) => [account, username]));
    await this.#records.transact(async (transaction) => {
      const group = await transaction.get(groupTable, conversationId);
      if (group === undefined) return;
      const names = { ...group.names };
      // Nobody is asked for twice, also not who has no name in the answer.
      for (const member of group.history.head.state.members) {
        const account = accountOf(member.accountId);
        names[account] = told.get(account) ?? names[account] ?? "";
      }
      transaction.put(groupTable, conversationId, { ...group, names });
    });
  }
}

function lacksNames({ history, names, membership }: GroupRecord): boolean {
  if (membership !== "member") return false;
  return history.head.state.members.some(({ accountId }) => names[accountOf(accountId)] === undefined);
}

/** Tells the app whenever what is known of a group has changed. */
export function watchGroups(records: Records, emit: (event: ClientEvent) => void): void {
  records.watch(groupTable, (key) => {
    emit({ type: "group", conversationId: key as ConversationId });
    emit({ type: "conversations" });
  });
}
