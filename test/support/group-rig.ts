/** A group awake in plain Node. Accounts are single letters; their devices are 1, 2, … */
import { createGroup } from "#durable-objects/conversation/create-group.ts";
import { deliveryOf } from "#durable-objects/conversation/ledger.ts";
import { SottoError } from "#schema/errors.ts";
import type { GroupRole } from "#schema/envelope/group-change.ts";
import type { GroupChange } from "#schema/envelope/group-change.ts";
import type { GroupHead } from "#schema/envelope/group-rules.ts";
import type { AccountId, ConversationId, SessionId } from "#schema/ids.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import type { Delivery, OperationAnswer } from "#schema/rpc/conversation.ts";
import type { Identity } from "#schema/rpc/shared.ts";
import { ConversationRig, deviceSet, startMs } from "./conversation-rig.ts";
import type { RawAddress } from "./raw-frames.ts";
import {
  createOperation,
  groupIdOf,
  groupMessage,
  keyEntry,
  operationOn,
  type RawOperation,
} from "./raw-group.ts";

/** Who is in at the beginning: role and number of devices. */
export type Cast = Readonly<Record<string, readonly [role: GroupRole, devices: number]>>;

export function accountOf(letter: string): AccountId {
  if (letter.charCodeAt(0) > 0x7f) return `${String(letter.charCodeAt(0)).padStart(21, "n")}A` as AccountId;
  return `${letter.repeat(21)}A` as AccountId;
}

export function identityOf(letter: string, device = 1): Identity {
  return { account: accountOf(letter), device, session: "S".repeat(22) as SessionId, username: letter };
}

export class GroupRig extends ConversationRig {
  head!: GroupHead;
  created!: RawOperation;

  static async open(cast: Cast): Promise<GroupRig> {
    const rig = new GroupRig("later");
    const roles: Record<string, GroupRole> = {};
    for (const [letter, [role, devices]] of Object.entries(cast)) {
      roles[accountOf(letter)] = role;
      rig.setDevices(letter, devices);
    }
    const [owner = "a"] = Object.keys(cast);
    rig.created = createOperation({ account: accountOf(owner), device: 1 }, roles);
    rig.head = rig.created.head;
    await rig.create(rig.created.operation, owner);
    rig.wake();
    rig.room.start();
    return rig;
  }

  async create(operation: string, actor: string, device = 1): Promise<void> {
    const { store, groupStore, arrivals } = this;
    const context = {
      store,
      groupStore,
      arrivals,
      register: (account: AccountId) => {
        const set = this.sets.get(account);
        if (set === undefined) return Promise.reject(new Error("no such inbox"));
        return Promise.resolve({ username: `name ${account}`, set });
      },
      exists: () => store.load() !== undefined,
    };
    await createGroup(context, {
      conversationId: this.id,
      archiveShard: 0,
      createdAtMs: startMs,
      identity: identityOf(actor, device),
      operation,
    });
  }

  get id(): ConversationId {
    return groupIdOf(this.head) as ConversationId;
  }

  /** Gives an account devices 1 … `count`, as its inbox knows them. */
  setDevices(letter: string, count: number, epoch = 1): void {
    const devices = Array.from({ length: count }, (_, index) => index + 1);
    this.sets.set(accountOf(letter), deviceSet(accountOf(letter), devices, epoch));
  }

  operation(actor: string, change: GroupChange, device = 1): RawOperation {
    return operationOn(this.head, { account: accountOf(actor), device }, change);
  }

  /** Posts a change on top of the newest operation. */
  async change(actor: string, change: GroupChange): Promise<OperationAnswer> {
    const { operation, head } = this.operation(actor, change);
    const answer = await this.room.group.post({ identity: identityOf(actor), operation });
    this.head = head;
    return answer;
  }

  /** What the sender is told, or the kind of the refusal. */
  deliveryOf(letter: string, seq: number): Delivery | string {
    try {
      return deliveryOf(this.room.state, this.store, accountOf(letter), seq);
    } catch (error) {
      return error instanceof SottoError ? error.kind : String(error);
    }
  }

  /** Every device of the members but one. */
  others(letter: string, device = 1): RawAddress[] {
    return [...this.room.state.members.values()].flatMap(({ account, devices }) =>
      [...devices]
        .filter(([id, { active }]) => active && !(account === accountOf(letter) && id === device))
        .map(([id]) => ({ account, device: id })),
    );
  }

  groupMessage(keyId: string, to: readonly RawAddress[] = [], epoch = this.head.state.epoch): MessageSend {
    return groupMessage({ groupId: this.id, epoch, keyId, to, lists: this.listsOf(to) });
  }

  keyEntry(keyId: string, to: readonly RawAddress[]): MessageSend {
    return keyEntry({ groupId: this.id, keyId, to, lists: this.listsOf(to) });
  }

  listsOf(to: readonly RawAddress[]): { account: string; version: number }[] {
    return [...new Set(to.map(({ account }) => account))].map((account) => ({
      account,
      version: this.sets.get(account as AccountId)?.version ?? 1,
    }));
  }
}
