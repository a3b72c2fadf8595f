/** Device sets that come while their accounts are coming in: confirmed to the inbox, so they must not be lost. */
import type { AccountId } from "#schema/ids.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";

export class Arrivals {
  readonly #early = new Map<AccountId, DeviceSet>();
  readonly #expected = new Map<AccountId, number>();

  /** From now on sets of these are kept, until as many `release`s. */
  expect(accounts: readonly AccountId[]): void {
    for (const account of accounts) this.#expected.set(account, (this.#expected.get(account) ?? 0) + 1);
  }

  release(accounts: readonly AccountId[]): void {
    for (const account of accounts) {
      const left = (this.#expected.get(account) ?? 1) - 1;
      if (left > 0) {
        this.#expected.set(account, left);
        continue;
      }
      this.#expected.delete(account);
      this.#early.delete(account);
    }
  }

  /** Keeps the set of an account that is expected. Returns whether it is. */
  keep(set: DeviceSet): boolean {
    if (!this.#expected.has(set.account)) return false;
    const known = this.#early.get(set.account);
    if (known === undefined || known.epoch < set.epoch) this.#early.set(set.account, set);
    return true;
  }

  /** The set, or a newer one that came meanwhile. */
  newest(set: DeviceSet): DeviceSet {
    const early = this.#early.get(set.account);
    return early !== undefined && early.epoch > set.epoch ? early : set;
  }
}
