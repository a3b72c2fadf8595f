/** Seals what a device sends in a group: under its own sender key, with capsules for whoever lacks it. */
import type { AccountId } from "#schema/ids.ts";
import { deviceAddressKey } from "#schema/ids.ts";
import type { DeviceContext } from "./device-context.ts";
import type { SimDevice } from "./device.ts";
import { keyIdOf, sealGroupFrame } from "./group-sealed.ts";
import type { KnownSets } from "./known-sets.ts";
import { accountsOf } from "./operations.ts";
import { idOf } from "./sealed.ts";
import type { Copy, GroupCopy, OutboxEntry } from "./shelf.ts";

interface Address {
  readonly account: AccountId;
  readonly device: number;
}

export class GroupSending {
  readonly #context: DeviceContext;
  readonly #device: Pick<SimDevice, "account" | "key" | "shelf">;
  readonly #sets: KnownSets;

  constructor(context: DeviceContext, device: Pick<SimDevice, "account" | "key" | "shelf">, sets: KnownSets) {
    this.#context = context;
    this.#device = device;
    this.#sets = sets;
  }

  /** Undefined when it cannot be made yet. */
  seal(copy: Copy, group: GroupCopy, entry: OutboxEntry): string | undefined {
    const { head } = group;
    if (head === undefined || head.state.epoch < group.neededEpoch || head.state.isDissolved)
      return undefined;
    const accounts = accountsOf(head);
    if (!accounts.has(this.#device.account)) return undefined;
    const lacking = this.#lacking(copy, group, accounts);
    if (lacking === undefined) return undefined;
    group.key ??= { id: keyIdOf(this.#context.nextId()), holders: new Set() };
    const to = entry.type === "key" ? lacking.slice(0, Math.ceil(lacking.length / 2)) : lacking;
    entry.given = {
      keyId: group.key.id,
      devices: to.map(({ account, device }) => deviceAddressKey(account, device)),
    };
    const named = new Set(to.map(({ account }) => account));
    return sealGroupFrame({
      type: entry.type,
      groupId: copy.conversationId,
      id: entry.id,
      epoch: head.state.epoch,
      keyId: group.key.id,
      to,
      sets: [...named].map((account) => this.#device.shelf.sets.get(account)!),
    });
  }

  /** Now and then some get the key with an entry of its own, ahead of the message that needs it. */
  handOutAhead(copy: Copy, group: GroupCopy): void {
    const at = copy.outbox.findIndex(({ frame }) => frame === undefined);
    if (group.head === undefined || copy.outbox[at]?.type !== "message") return;
    const lacking = this.#lacking(copy, group, accountsOf(group.head)) ?? [];
    if (lacking.length < 2 || !this.#context.sim.random.chance(0.2)) return;
    this.#context.sim.faults.count("key_handed_out");
    const id = idOf("k", this.#context.nextId()) as OutboxEntry["id"];
    copy.outbox.splice(at, 0, { id, type: "key", frame: undefined, given: undefined });
  }

  /** Everyone's devices without the key, as far as this device knows; undefined while it does not know enough. */
  #lacking(copy: Copy, { key }: GroupCopy, accounts: ReadonlySet<AccountId>): Address[] | undefined {
    const has = new Set(key?.holders);
    for (const { frame, given } of copy.outbox) {
      if (frame === undefined || given === undefined || given.keyId !== key?.id) continue;
      for (const device of given.devices) has.add(device);
    }
    has.add(this.#device.key);
    const lacking: Address[] = [];
    let isComplete = true;
    for (const account of accounts) {
      const set = this.#device.shelf.sets.get(account);
      if (set === undefined) {
        this.#sets.fetch(account);
        isComplete = false;
        continue;
      }
      for (const device of set.devices) {
        if (!has.has(deviceAddressKey(account, device))) lacking.push({ account, device });
      }
    }
    return isComplete ? lacking : undefined;
  }
}
