/** Sets, opens and closes the app lock of a client, one thing at a time. Fetched when there is a lock, which most browsers have not. */
import { ClientError } from "../client-api.ts";
import type { Environment } from "../environment.ts";
import type { AppLockStore } from "../store/app-lock-store.ts";
import type { Lane } from "../sync/lane.ts";
import type { AccountSession } from "./account-session.ts";
import { createLock, openLock } from "./app-lock.ts";
import { AutoLock } from "./auto-lock.ts";
import type { LockSecret } from "./lock-api.ts";

/** Until the person chooses. */
const defaultAutoLockMs = 15 * 60_000;

/** All throw `ClientError` and `StoreError`; see `LockApi`. */
export class LockKeeper {
  readonly #environment: Environment;
  readonly #account: AccountSession;
  readonly #beforeLock: () => Promise<void>;
  readonly #lane: Lane;
  readonly #autoLock: AutoLock;

  /** `beforeLock` gives up what else holds keys. */
  constructor(
    environment: Environment,
    account: AccountSession,
    lane: Lane,
    beforeLock: () => Promise<void>,
  ) {
    this.#lane = lane;
    this.#environment = environment;
    this.#account = account;
    this.#beforeLock = beforeLock;
    this.#autoLock = new AutoLock(environment, () => void this.lock().catch(() => undefined)); // the next look tries again
  }

  set({ next, current }: { readonly next: LockSecret; readonly current?: LockSecret }): Promise<void> {
    return this.#lane.run(async () => {
      const store = this.#openStore();
      const before = await store.read();
      if (before !== undefined && current === undefined) throw new ClientError("wrong_passphrase");
      const masterKey =
        current === undefined
          ? await this.#account.bareMasterKey()
          : await openLock(this.#environment, store, current);
      const autoLockMs = before === undefined ? defaultAutoLockMs : before.autoLockMs;
      await store.write(await createLock(this.#environment.provider, masterKey, next, autoLockMs));
      masterKey.fill(0);
      this.#account.noteLockable(true);
      this.#autoLock.watch(autoLockMs);
    });
  }

  remove(current: LockSecret): Promise<void> {
    return this.#lane.run(async () => {
      const store = this.#openStore();
      const masterKey = await openLock(this.#environment, store, current);
      await store.remove(masterKey);
      masterKey.fill(0);
      this.#account.noteLockable(false);
      this.#autoLock.watch(undefined);
    });
  }

  setAutoLock(autoLockMs: number | undefined): Promise<void> {
    return this.#lane.run(async () => {
      const store = this.#openStore();
      const lock = await store.read();
      if (lock === undefined) throw new ClientError("internal");
      await store.write({ ...lock, autoLockMs });
      this.#autoLock.watch(autoLockMs);
    });
  }

  lock(): Promise<void> {
    return this.#lane.run(async () => {
      const lock = await this.#account.lockStore?.read();
      if (lock === undefined || this.#account.status.state === "locked") return;
      this.#autoLock.watch(undefined);
      await this.#beforeLock();
      await this.#account.lock(lock);
    });
  }

  unlock(secret: LockSecret): Promise<void> {
    return this.#lane.run(async () => {
      const store = this.#account.lockStore;
      if (this.#account.status.state !== "locked" || store === undefined) return; // another tab was faster
      await this.#account.unlock(await openLock(this.#environment, store, secret));
      this.#autoLock.watch((await store.read())?.autoLockMs);
    });
  }

  attend({ tab, isVisible }: { readonly tab: string; readonly isVisible: boolean }): void {
    this.#autoLock.attend(tab, isVisible);
  }

  /** Throws `ClientError` locked, internal. */
  #openStore(): AppLockStore {
    const { lockStore, status } = this.#account;
    if (status.state === "locked") throw new ClientError("locked");
    if (lockStore === undefined || status.state === "signed_out") throw new ClientError("internal");
    return lockStore;
  }
}
