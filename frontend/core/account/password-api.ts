/** What the app may ask about the account's password: a part of `ClientApi`. */
import type { DeviceId } from "#schema/ids.ts";

/** By the server's clock. */
export interface PasswordChangeView {
  readonly changedAtMs: number;
  /** The device it was changed from. */
  readonly device: DeviceId;
}

export interface PasswordApi {
  /**
   * Rejects with `wrong_credentials` for a wrong `current`, and with `rate_limited`. After a failure that leaves it open, the same call may be made
   * again. What opens the vault stays as it is.
   */
  changePassword(input: {
    current: string;
    next: string;
    /** Ends the sessions of all other devices. */
    signOutOthers: boolean;
  }): Promise<{ signedOut: number }>;
  /** The person knows of the change that `alarms` tells of. */
  acknowledgePassword(): Promise<void>;
}
