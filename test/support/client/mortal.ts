/** A process that can die at any step: its store stops answering, its network falls silent. */
import type { Environment } from "#core/environment.ts";
import { type Store, StoreError, type StoreOperation } from "#core/store/store.ts";

const never = new Promise<never>(() => undefined);

export class Mortal {
  #dieAt: number;
  #step = 0;
  isAlive = true;

  /** Dies when the store is touched for the `dieAt`-th time; each operation counts before and after. */
  constructor(dieAt: number) {
    this.#dieAt = dieAt;
  }

  /** Dies so many steps from now, unless it was to die before. */
  dieIn(steps: number): void {
    this.#dieAt = Math.min(this.#dieAt, this.#step + steps);
  }

  die(): void {
    this.isAlive = false;
  }

  store(store: Store): Store {
    const around = async <T>(work: () => Promise<T>): Promise<T> => {
      this.#tick();
      if (!this.isAlive) return never;
      const result = await work();
      this.#tick();
      return this.isAlive ? result : never;
    };
    return {
      get: (table, key) => around(() => store.get(table, key)),
      list: (table, range) => around(() => store.list(table, range)),
      commit: (operations) => around(() => store.commit(operations)),
      clear: () => around(() => store.clear()),
      close: async () => undefined,
    };
  }

  environment(environment: Environment): Partial<Environment> {
    return {
      fetch: (url, init) => (this.isAlive ? environment.fetch(url, init) : never),
      openSocket: (url, protocols, events) => {
        const socket = environment.openSocket(url, protocols, {
          opened: () => this.isAlive && events.opened(),
          text: (text) => this.isAlive && events.text(text),
          closed: (code, reason) => this.isAlive && events.closed(code, reason),
        });
        return {
          send: (text) => this.isAlive && socket.send(text),
          close: (code, why) => socket.close(code, why),
        };
      },
      setTimer: (delayMs, callback) => environment.setTimer(delayMs, () => this.isAlive && callback()),
    };
  }

  #tick(): void {
    this.#step += 1;
    if (this.#step === this.#dieAt) this.die();
  }
}

/** A store whose commits can be made to fail. */
export function failingStore(
  store: Store,
): Store & { fail: (operations: readonly StoreOperation[]) => boolean } {
  const failing = {
    fail: (_operations: readonly StoreOperation[]) => false,
    get: store.get.bind(store),
    list: store.list.bind(store),
    clear: store.clear.bind(store),
    close: store.close.bind(store),
    async commit(operations: readonly StoreOperation[]) {
      if (failing.fail(operations)) throw new StoreError("STORAGE_FAILED");
      await store.commit(operations);
    },
  };
  return failing;
}
