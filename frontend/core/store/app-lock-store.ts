/** The app lock as it lies beside the device master key: everything in it can be read without the secret (CRYPTO 2.12). */
import type { LockWay } from "../crypto/app-lock.ts";

export interface AppLock {
  readonly way: LockWay;
  /** `sealMasterKey`. */
  readonly sealedKey: Uint8Array;
  /** Locks by itself after this long without a person; 0: when no tab is on screen; undefined: never. */
  readonly autoLockMs: number | undefined;
  /** Wrong secrets since the last right one. */
  readonly failures: number;
  readonly nextTryAtMs: number;
}

/** All throw `StoreError` `STORAGE_FAILED`. */
export interface AppLockStore {
  /** Undefined: no lock is on, and `openMasterKey` gives the key. */
  read(): Promise<AppLock | undefined>;
  /** Puts the lock in the place of the bare key, or of the lock before. */
  write(lock: AppLock): Promise<void>;
  /** Puts the bare key in the place of the lock. */
  remove(masterKey: Uint8Array): Promise<void>;
}
