/** An independent record of what a conversation accepted, and for which devices it had to be readable then. */
import { deviceAddressKey } from "#schema/ids.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import type { Capsules, ConversationStore, StoredMessage } from "#durable-objects/conversation/store.ts";

export interface Accepted {
  readonly message: StoredMessage;
  readonly capsules: Capsules;
  /** Address keys of the devices in the set at that moment. */
  readonly readers: readonly string[];
}

type Entry =
  | { readonly type: "set"; readonly set: DeviceSet }
  | { readonly type: "append"; readonly message: StoredMessage; readonly capsules: Capsules };

export class Journal {
  /** What is on disk, in the order of its writing. */
  readonly accepted: Accepted[] = [];
  readonly sets = new Map<string, DeviceSet>();
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
      create: (record, members, sets) => {
        store.create(record, members, sets);
        for (const set of sets) this.#pending.push({ type: "set", set });
      },
      saveSet: (set) => {
        store.saveSet(set);
        this.#pending.push({ type: "set", set });
      },
      append: (messages) => {
        store.append(messages);
        for (const { capsules, ...message } of messages)
          this.#pending.push({ type: "append", message, capsules });
      },
    });
  }

  flushed(): void {
    for (const entry of this.#pending) {
      if (entry.type === "set") this.sets.set(entry.set.account, entry.set);
      else this.accepted.push({ ...entry, readers: this.#readers(entry.message) });
    }
    this.#pending = [];
  }

  lost(): void {
    this.#pending = [];
  }

  #readers({ senderAccount, senderDevice }: StoredMessage): string[] {
    const sender = deviceAddressKey(senderAccount, senderDevice);
    return [...this.sets.values()]
      .flatMap(({ account, devices }) => devices.map((device) => deviceAddressKey(account, device)))
      .filter((key) => key !== sender);
  }
}

/** `store` with some methods replaced. */
export function overriding(
  store: ConversationStore,
  replaced: Partial<ConversationStore>,
): ConversationStore {
  return new Proxy(store, {
    get(target, key) {
      const found: unknown = Reflect.get(replaced, key) ?? Reflect.get(target, key, target);
      return typeof found === "function" ? found.bind(target) : found;
    },
  });
}
