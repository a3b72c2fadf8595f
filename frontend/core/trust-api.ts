/** The part of the client's surface about who one is talking to, and about telling the moderators. */
import type { AccountId, ConversationId, Sequence } from "#schema/ids.ts";
import type { TrustView } from "./client-views.ts";

export interface SafetyNumberView extends TrustView {
  readonly account: AccountId;
  readonly username: string;
  /** Names the account key that the number is of; goes back with `markVerified`. */
  readonly key: string;
  /** 12 groups of 5 digits, alike on both sides (CRYPTO 2.10). */
  readonly groups: readonly string[];
  /** Text of the QR code for the other person's camera. */
  readonly code: string;
}

export type SafetyComparison = "same" | "different" | "not_a_number" | "other_version";

export type ReportReason = "spam" | "abuse" | "illegal" | "other";

export interface ReportInput {
  readonly conversationId: ConversationId;
  readonly seq: Sequence;
  readonly reason: ReportReason;
  /** In the person's words, at most 500 characters; may be empty. */
  readonly note: string;
  /** How many messages before the reported one go with it: 0 to 5. */
  readonly previous: number;
}

export interface TrustApi {
  /** The number of this account and another. Throws `offline` when nothing is known of it and the server cannot be asked. */
  safetyNumber(account: AccountId): Promise<SafetyNumberView>;
  /** Compares what was scanned, pasted or typed with the number; marks nothing. */
  compareSafetyNumber(account: AccountId, text: string): Promise<SafetyComparison>;
  /** Throws `identity_changed` when `key` is no longer the account's. */
  markVerified(account: AccountId, key: string): Promise<void>;
  clearVerified(account: AccountId): Promise<void>;
  /** Ends the wait after a key change; messages that waited go to the new key. */
  confirmIdentity(account: AccountId): Promise<void>;

  /** Whether this build of the app knows moderators. */
  canReport(): Promise<boolean>;
  /**
   * Sends the messages to the moderators, and to nobody else. Throws `cannot_report` for a message that proves nothing (unreadable, not
   * sent, or no longer kept by the server) and where reports are off.
   */
  reportMessage(input: ReportInput): Promise<void>;
}
