/**
 * Groups are told by an operation when a device of this account was revoked (CRYPTO 2.7). The device that revoked it does so at once; where
 * it was shut down before, every other one of the account makes up for it.
 */
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import { toldListKey, toldListTable } from "../store/own-tables.ts";
import { directoryTable } from "../store/tables.ts";
import type { Engine } from "../sync/engine.ts";
import { Pump } from "../sync/lane.ts";

/** Whoever revoked the device is given this long. */
const healAfterMs = 25_000;
const retryAfterFaultMs = 60_000;

export class Revocations {
  readonly #environment: Environment;
  readonly #records: Records;
  readonly #engine: Engine;
  readonly #pump = new Pump(() => this.#work());
  #cancelTimer: (() => void) | undefined;
  #checkedVersion = 0;
  #isStopped = true;

  constructor(environment: Environment, records: Records, engine: Engine) {
    this.#environment = environment;
    this.#records = records;
    this.#engine = engine;
    records.watch(directoryTable, (key, value) => {
      const isNews = value !== undefined && value.pin.version > this.#checkedVersion;
      if (key === engine.self.account && isNews) this.#later(healAfterMs);
    });
  }

  start(): void {
    this.#isStopped = false;
    this.#later(healAfterMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
  }

  /** This device revoked one. Resolves when the groups were told, or are left for later. */
  tell(): Promise<void> {
    return this.#pump.request();
  }

  #later(delayMs: number): void {
    if (this.#isStopped) return;
    this.#cancelTimer ??= this.#environment.setTimer(delayMs, () => {
      this.#cancelTimer = undefined;
      void this.#pump.request();
    });
  }

  async #work(): Promise<void> {
    if (this.#isStopped) return;
    const { directory, self } = this.#engine;
    try {
      // A list that was published while this device was away is announced to nobody any more.
      const { version } = (await directory.refresh(self.account)).pin;
      this.#checkedVersion = version;
      const told = await this.#records.read(toldListTable, toldListKey);
      if (version === 1 || told?.version === version) return;
      const { tellGroups } = await import("./tell-groups.ts");
      if (!(await tellGroups(this.#engine, this.#records))) throw new Error("some groups were not told");
      await this.#records.transact(async (transaction) => {
        await transaction.get(toldListTable, toldListKey);
        transaction.put(toldListTable, toldListKey, { version });
      });
    } catch {
      this.#later(retryAfterFaultMs); // offline, or somebody changes a group all the time
    }
  }
}
