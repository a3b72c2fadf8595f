/** What the app may ask about the reset of an account whose keys are lost, and about who else uses it: a part of `ClientApi`. */

import type { PasswordChangeView } from "./password-api.ts";

/** Somebody asked for a reset of this account. Times of the server's clock. */
export interface PendingResetView {
  readonly requestedAtMs: number;
  readonly effectiveAtMs: number;
}

/** What a person has to be told at once about the account that is signed in. */
export interface AlarmsView {
  readonly reset?: PendingResetView;
  /** Another password than this person knows of. */
  readonly password?: PasswordChangeView;
  /** When a copy of this store, on another machine, was last found to be in use. */
  readonly copiedAtMs?: number;
  /** Another copy of this store has taken its place: nothing is sent or received here until `continueHere`. */
  readonly isReplaced?: true;
}

/** What a reset costs, and how far one is. Times of the local clock. */
export interface ResetView {
  readonly conversations: number;
  /** At most so many. */
  readonly messages: number;
  /** That would be signed out. */
  readonly devices: number;
  /** How long a request waits. */
  readonly waitMs: number;
  readonly state:
    | { readonly type: "none" }
    /** A device stopped one, or too many wait. */
    | { readonly type: "locked"; readonly untilMs: number }
    /** Asked for by this browser. */
    | { readonly type: "waiting"; readonly requestedAtMs: number; readonly effectiveAtMs: number }
    | { readonly type: "ready"; readonly expiresAtMs: number };
}

/**
 * The first four follow a right password (`login`), in place of `completeLogin`. They reject with `reset_locked`, `reset_waiting` or
 * `reset_over`.
 */
export interface ResetApi {
  resetStanding(): Promise<ResetView>;
  /** Begins the wait. What proves that it was asked for here is kept in this store. */
  requestReset(): Promise<ResetView>;
  cancelReset(): Promise<ResetView>;
  /** Begins the account anew: new keys, this device alone, a new recovery code, shown once. */
  finishReset(input: { deviceName: string }): Promise<{ recoveryCode: string }>;
  /** On a device of the account. */
  alarms(): Promise<AlarmsView>;
  /** Takes the place of whoever has taken this copy's. */
  continueHere(): Promise<void>;
  /** This was not the owner. Rejects with `reset_over` when nothing waits any more. */
  stopReset(): Promise<void>;
}
