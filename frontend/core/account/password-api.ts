/** What the app may ask about the account's password: a part of `ClientApi`. */
import type { DeviceId } from "#schema/ids.ts";
import type { VaultSecret } from "./vault-api.ts";

/** By the server's clock. */
export interface PasswordChangeView {
  readonly changedAtMs: number;
  /** The device it was changed from. */
  readonly device: DeviceId;
}

export interface PasswordApi {
  /**
   * Rejects with `wrong_credentials` for a wrong password, `wrong_recovery_code` or `wrong_passkey` for what stands in its place, and with
   * `rate_limited`. After a failure that leaves it open, the same call may be made again. What opens the vault stays as it is.
   */
  changePassword(input: {
    /** The password in force, or what opens the vault where that is forgotten. */
    current: string | VaultSecret;
    next: string;
    /** Ends the sessions of all other devices. */
    signOutOthers: boolean;
  }): Promise<{ signedOut: number }>;
  /**
   * Where the password is forgotten and no device is signed in: adds this one by the recovery code alone and sets another password. Rejects with
   * `wrong_credentials` when name and code do not belong together, and as `completeLogin` does. `isPasswordSet` is false when this device
   * joined and the password is still the old one; `changePassword` with the code sets it.
   */
  recoverAccount(input: {
    username: string;
    recoveryCode: string;
    password: string;
    deviceName: string;
  }): Promise<{ isPasswordSet: boolean }>;
  /** The person knows of the change that `alarms` tells of. */
  acknowledgePassword(): Promise<void>;
}
