/** The device sets a device encrypts for, fetched over HTTP when they are missing or said to have changed. */
import type { AccountId } from "#schema/ids.ts";
import type { DeviceContext } from "./device-context.ts";
import type { StrictShelf } from "./shelf.ts";

export class KnownSets {
  readonly #context: DeviceContext;
  readonly #shelf: StrictShelf;
  readonly #onNews: () => void;
  readonly #fetching = new Set<AccountId>();
  #life = 0;

  constructor(context: DeviceContext, shelf: StrictShelf, onNews: () => void) {
    this.#context = context;
    this.#shelf = shelf;
    this.#onNews = onNews;
  }

  stop(): void {
    this.#life += 1;
    this.#fetching.clear();
  }

  fetch(account: AccountId): void {
    if (this.#fetching.has(account)) return;
    this.#fetching.add(account);
    void this.#run(account);
  }

  async #run(account: AccountId): Promise<void> {
    const life = this.#life;
    const set = await this.#context.deviceSet(account);
    if (this.#life !== life) return;
    if (set === undefined) {
      this.#context.sim.clock.after(1_000, "device sets", () => {
        if (this.#life === life) void this.#run(account);
      });
      return;
    }
    this.#fetching.delete(account);
    const known = this.#shelf.sets.get(account);
    if (known === undefined || known.epoch < set.epoch) this.#shelf.sets.set(account, set);
    this.#onNews();
  }
}
