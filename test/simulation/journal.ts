/** An independent record of what a conversation accepted, and for which devices it had to be readable then. */
import { type AccountId, deviceAddressKey } from "#schema/ids.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import type { GroupStore } from "#durable-objects/conversation/group-store.ts";
import type { Capsules, ConversationStore, StoredMessage } from "#durable-objects/conversation/store.ts";

export interface Accepted {
  readonly message: StoredMessage;
  readonly capsules: Capsules;
  /** Address keys of the devices in the set at that moment. */
  readonly readers: readonly string[];
  /** Whether the sending device was in the set at that moment. */
  readonly isSenderIn: boolean;
}

/** One time that an account was in a group: the entries that brought it in and out. */
export interface Stay {
  readonly from: number;
  to: number | undefined;
}

type Entry =
  | { readonly type: "in"; readonly set: DeviceSet; readonly seq: number }
  | { readonly type: "out"; readonly account: AccountId; readonly epoch: number }
  | { readonly type: "set"; readonly set: DeviceSet }
  | { readonly type: "append"; readonly message: StoredMessage; readonly capsules: Capsules };

export class Journal {
  /** What is on disk, in the order of its writing. */
  readonly accepted: Accepted[] = [];
  readonly sets = new Map<string, DeviceSet>();
  /** In a group. */
  readonly stays = new Map<AccountId, Stay[]>();
  /** Of those who are out of the group: the epoch in which they went. */
  readonly left = new Map<AccountId, number>();
  #pending: Entry[] = [];

  /** The store, with everything that is written to it noted here. */
  watch(store: ConversationStore): ConversationStore {
    return overriding(store, {
      transaction: (work) => {
        const before = this.#pending.length;
        try {
          return store.transaction(work);
        } catch (error) {
          this.#pending.length = before;
          throw error;
        }
      },
      create: (record, members, sets, more) => {
        const before = this.#pending.length;
        try {
          store.create(record, members, sets, more);
        } catch (error) {
          this.#pending.length = before;
          throw error;
        }
        for (const set of sets) this.#pending.push({ type: "set", set });
      },
      saveSet: (set, slots, keyGeneration) => {
        store.saveSet(set, slots, keyGeneration);
        this.#pending.push({ type: "set", set });
      },
      append: (messages) => {
        store.append(messages);
        for (const { capsules, ...message } of messages)
          this.#pending.push({ type: "append", message, capsules });
      },
    });
  }

  watchGroup(store: GroupStore): GroupStore {
    return overriding(store, {
      admit: (arrival) => {
        store.admit(arrival);
        this.#pending.push({ type: "in", set: arrival.set, seq: arrival.member.joinedSeq });
      },
      dismiss: (departure) => {
        store.dismiss(departure);
        this.#pending.push({ type: "out", ...departure });
      },
    });
  }

  flushed(): void {
    for (const entry of this.#pending) this.#note(entry);
    this.#pending = [];
  }

  #note(entry: Entry): void {
    switch (entry.type) {
      case "set":
        return void this.sets.set(entry.set.account, entry.set);
      case "append":
        return void this.accepted.push({
          ...entry,
          readers: this.#readers(entry.message),
          isSenderIn: this.#isIn(entry.message),
        });
      case "in": {
        const { account } = entry.set;
        this.sets.set(account, entry.set);
        this.left.delete(account);
        this.stays.set(account, [...(this.stays.get(account) ?? []), { from: entry.seq, to: undefined }]);
        return;
      }
      case "out": {
        this.sets.delete(entry.account);
        this.left.set(entry.account, entry.epoch);
        const stay = this.stays.get(entry.account)?.at(-1);
        // The operation was appended before.
        if (stay !== undefined) stay.to = this.accepted.length;
        return;
      }
    }
  }

  lost(): void {
    this.#pending = [];
  }

  #isIn({ senderAccount, senderDevice }: StoredMessage): boolean {
    return this.sets.get(senderAccount)?.devices.includes(senderDevice) === true;
  }

  #readers({ senderAccount, senderDevice }: StoredMessage): string[] {
    const sender = deviceAddressKey(senderAccount, senderDevice);
    return [...this.sets.values()]
      .flatMap(({ account, devices }) => devices.map((device) => deviceAddressKey(account, device)))
      .filter((key) => key !== sender);
  }
}

/** `store` with some methods replaced. */
export function overriding<Store extends object>(store: Store, replaced: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, key) {
      const found: unknown = Reflect.get(replaced, key) ?? Reflect.get(target, key, target);
      return typeof found === "function" ? found.bind(target) : found;
    },
  });
}
