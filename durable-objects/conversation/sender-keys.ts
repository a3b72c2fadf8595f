/**
 * Which devices hold which sender key of a group: what the server must know so that it never accepts a message that a
 * device of that moment could not read (DESIGN, promise 4), without a capsule in every message. A message under a key
 * that everyone has costs one comparison.
 */
import type { AccountId, DeviceId } from "#schema/ids.ts";
import { BitSet } from "./bit-set.ts";

export interface StoredSenderKey {
  readonly generation: number;
  /** Encoded bit set. */
  readonly holders: string;
}

export interface SenderKeyStore {
  senderKey(account: AccountId, device: DeviceId, keyId: string): StoredSenderKey | undefined;
  saveSenderKey(account: AccountId, device: DeviceId, keyId: string, key: StoredSenderKey): void;
}

interface SenderKey {
  readonly generation: number;
  holders: BitSet;
  /** The revision of the needed devices at which they all held it. */
  completeAt: number;
}

/** The devices that must be able to read a message, and a number that changes with them. */
export interface Needed {
  readonly revision: number;
  /** Slots of all active devices. */
  readonly slots: BitSet;
  /** Keys of another generation are dead. */
  readonly generation: number;
}

export interface SenderKeyUse {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly keyId: string;
  /** Slot of the sending device itself. */
  readonly ownSlot: number;
  /** Slots of the devices that get the key with this entry. */
  readonly given: readonly number[];
  /** Whether the entry is a message, which everyone must be able to read. */
  readonly isMessage: boolean;
}

export type KeyVerdict =
  | { readonly type: "held" }
  /** The key was in use before the last rotation. */
  | { readonly type: "dead" }
  | { readonly type: "missing"; readonly holders: BitSet };

export class SenderKeys {
  readonly #store: SenderKeyStore;
  readonly #known = new Map<string, SenderKey>();
  /** Keys changed since the last `settle`. */
  readonly #touched = new Set<string>();

  constructor(store: SenderKeyStore) {
    this.#store = store;
  }

  /** Judges one use of a key; when it is held, writes who holds it now. Call inside the transaction that may fail. */
  use(use: SenderKeyUse, needed: Needed): KeyVerdict {
    const { account, device, keyId, given } = use;
    const { known, verdict, holders } = this.#judge(use, needed);
    if (verdict.type !== "held" || holders === undefined) return verdict;
    const name = nameOf(use);
    const isComplete = holders.covers(needed.slots);
    const key = known ?? { generation: needed.generation, holders, completeAt: -1 };
    key.holders = holders;
    key.completeAt = isComplete ? needed.revision : -1;
    this.#known.set(name, key);
    if (known === undefined || given.length > 0) {
      this.#touched.add(name);
      const stored = { generation: key.generation, holders: holders.encode() };
      this.#store.saveSenderKey(account, device, keyId, stored);
    }
    return verdict;
  }

  /** What `use` would say. */
  judge(use: SenderKeyUse, needed: Needed): KeyVerdict {
    return this.#judge(use, needed).verdict;
  }

  /** `holders`: who would hold the key, unless that was known. */
  #judge(
    use: SenderKeyUse,
    needed: Needed,
  ): { readonly known: SenderKey | undefined; readonly verdict: KeyVerdict; readonly holders?: BitSet } {
    const known = this.#find(nameOf(use), use);
    if (known !== undefined && known.generation !== needed.generation)
      return { known, verdict: { type: "dead" } };
    if (known !== undefined && use.given.length === 0 && known.completeAt === needed.revision)
      return { known, verdict: { type: "held" } };
    const holders = known?.holders.copy() ?? new BitSet();
    holders.add(use.ownSlot);
    for (const slot of use.given) holders.add(slot);
    const isMissing = use.isMessage && !holders.covers(needed.slots);
    return { known, holders, verdict: isMissing ? { type: "missing", holders } : { type: "held" } };
  }

  /** The transaction holds. */
  settle(): void {
    this.#touched.clear();
  }

  /** The transaction failed: what it changed is read again from the store. */
  undo(): void {
    for (const name of this.#touched) this.#known.delete(name);
    this.#touched.clear();
  }

  /** All keys are dead, or someone is gone: only the store remembers them. */
  forget(): void {
    this.#known.clear();
  }

  #find(name: string, { account, device, keyId }: SenderKeyUse): SenderKey | undefined {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const stored = this.#store.senderKey(account, device, keyId);
    if (stored === undefined) return undefined;
    const key = { generation: stored.generation, holders: BitSet.decode(stored.holders), completeAt: -1 };
    this.#known.set(name, key);
    return key;
  }
}

function nameOf({ account, device, keyId }: SenderKeyUse): string {
  return `${account}.${device}.${keyId}`;
}
