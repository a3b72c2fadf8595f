/** What the app may ask about the app lock: a part of `ClientApi`. */

/** What a person is asked for. */
export type LockQuestion =
  | { readonly type: "passphrase" }
  | { readonly type: "passkey"; readonly credentialId: Uint8Array; readonly salt: Uint8Array };

/** What they give. `output` is what the passkey makes of `salt` (WebAuthn PRF), 32 bytes. */
export type LockSecret =
  | { readonly type: "passphrase"; readonly passphrase: string }
  | {
      readonly type: "passkey";
      readonly credentialId: Uint8Array;
      readonly salt: Uint8Array;
      readonly output: Uint8Array;
    };

export interface LockView {
  readonly question: LockQuestion;
  /** 0: when no tab is on screen; undefined: never by itself. */
  readonly autoLockMs: number | undefined;
}

/** Secrets are refused with `wrong_passphrase` and, when they come too soon, `rate_limited`; both tell `retryAfterMs`. */
export interface LockApi {
  /** Undefined: no lock is set. */
  appLock(): Promise<LockView | undefined>;
  /** Sets the lock or changes its secret; `current` while there is one. */
  setAppLock(input: { next: LockSecret; current?: LockSecret }): Promise<void>;
  removeAppLock(current: LockSecret): Promise<void>;
  setAutoLock(autoLockMs: number | undefined): Promise<void>;
  /** Locks every tab. Does nothing without a lock. */
  lockNow(): Promise<void>;
  unlock(secret: LockSecret): Promise<void>;
  /** A person does something in a tab, or the tab left the screen. */
  attend(input: { tab: string; isVisible: boolean }): Promise<void>;
}
