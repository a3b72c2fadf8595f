/** The app lock of the fake client: opens with "three quiet winter trams" or any passkey. */
import { type AccountStatus, ClientError, type LockSecret, type LockView } from "#core/client-api.ts";
import type { LockApi } from "#core/account/lock-api.ts";

const passphrase = "three quiet winter trams";

export function fakeLock(options: {
  readonly initial: LockView | undefined;
  readonly delay: () => Promise<void>;
  readonly status: () => AccountStatus;
  readonly setStatus: (status: AccountStatus) => void;
  readonly signedIn: Extract<AccountStatus, { state: "signed_in" }>;
}): LockApi {
  let view = options.initial;
  let failures = 0;
  const lockable: AccountStatus = { ...options.signedIn, isLockable: true };

  function assertRight(secret: LockSecret | undefined): void {
    if (view === undefined) return;
    const isRight = secret?.type === "passkey" || secret?.passphrase === passphrase;
    failures = isRight ? 0 : failures + 1;
    if (!isRight)
      throw new ClientError("wrong_passphrase", { retryAfterMs: failures < 3 ? 0 : 5_000 * failures });
  }
  return {
    appLock: () => Promise.resolve(view),
    async setAppLock({ next, current }) {
      await options.delay();
      assertRight(current);
      const question =
        next.type === "passphrase"
          ? ({ type: "passphrase" } as const)
          : { type: "passkey" as const, credentialId: next.credentialId, salt: next.salt };
      view = { question, autoLockMs: view?.autoLockMs ?? 900_000 };
      options.setStatus(lockable);
    },
    async removeAppLock(current) {
      await options.delay();
      assertRight(current);
      view = undefined;
      options.setStatus(options.signedIn);
    },
    async setAutoLock(autoLockMs) {
      if (view !== undefined) view = { ...view, autoLockMs };
    },
    async lockNow() {
      if (view !== undefined) options.setStatus({ state: "locked", question: view.question, nextTryAtMs: 0 });
    },
    async unlock(secret) {
      await options.delay();
      assertRight(secret);
      if (options.status().state === "locked") {
        options.setStatus(lockable);
      }
    },
    attend: () => Promise.resolve(),
  };
}
