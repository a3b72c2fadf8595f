/** The client's calls about the app lock. */
import { guard } from "../client-error.ts";
import type { Environment } from "../environment.ts";
import { Lane } from "../sync/lane.ts";
import type { AccountSession } from "./account-session.ts";
import type { LockApi } from "./lock-api.ts";
import type { LockKeeper } from "./lock-keeper.ts";

export abstract class LockCalls implements LockApi {
  readonly #environment: Environment;
  readonly #account: AccountSession;
  #keeper: LockKeeper | undefined;

  constructor(environment: Environment, account: AccountSession) {
    this.#environment = environment;
    this.#account = account;
  }

  abstract cancelLink(): Promise<void>;

  appLock: LockApi["appLock"] = () => guard(() => this.#account.lockView());
  setAppLock: LockApi["setAppLock"] = (input) => this.#keep((keeper) => keeper.set(input));
  removeAppLock: LockApi["removeAppLock"] = (current) => this.#keep((keeper) => keeper.remove(current));
  setAutoLock: LockApi["setAutoLock"] = (autoLockMs) =>
    this.#keep((keeper) => keeper.setAutoLock(autoLockMs));
  lockNow: LockApi["lockNow"] = () => this.#keep((keeper) => keeper.lock());
  unlock: LockApi["unlock"] = (secret) => this.#keep((keeper) => keeper.unlock(secret));
  attend: LockApi["attend"] = (input) => this.#keep(async (keeper) => keeper.attend(input));

  #keep<Result>(work: (keeper: LockKeeper) => Promise<Result>): Promise<Result> {
    return guard(async () => {
      const { LockKeeper } = await import("./lock-keeper.ts");
      this.#keeper ??= new LockKeeper(this.#environment, this.#account, new Lane(), () => this.cancelLink());
      return work(this.#keeper);
    });
  }
}
