/** Values that Worker, inbox and conversation objects exchange. All survive structured cloning. */
import type { AccountId, ConversationId, DeviceId, Sequence, SessionId } from "../ids.ts";
import type { MessageRecord } from "../protocol/message.ts";
import type { LowWatermarks } from "../protocol/receipt.ts";

/** Whose socket or request this is: stamped by the Worker from a verified access token, never from a body. */
export interface Identity {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly session: SessionId;
  readonly username: string;
}

/** The devices that must be able to read a message: active in the newest list and not signed out. */
export interface DeviceSet {
  readonly account: AccountId;
  /** Counts the changes; a set with a lower epoch is out of date. */
  readonly epoch: number;
  readonly version: number;
  readonly devices: readonly DeviceId[];
}

export type Member = {
  readonly account: AccountId;
  readonly username: string;
};

export type Watermarks = {
  readonly account: AccountId;
  readonly delivered: Sequence;
  readonly read: Sequence;
};

export type ConversationKind = "direct" | "group";

/** Where a group stands, as far as a chat list needs it. */
export type GroupStanding = {
  readonly epoch: number;
  readonly members: number;
  /** The account is out: nothing of the group is answered to it any more. */
  readonly left: boolean;
};

/** `conversationSummarySchema`, as objects hand it over. */
export type Summary = SummaryState &
  (
    | { readonly kind: "direct"; readonly peer: Member }
    | { readonly kind: "group"; readonly group: GroupStanding }
  );

type SummaryState = {
  readonly conversationId: ConversationId;
  readonly createdAtMs: number;
  readonly lastSeq: Sequence;
  readonly read: Sequence;
  readonly unread: number;
  readonly updatedAtMs: number;
};

/** Watermarks of all members in short: in full in a direct conversation, the asking account's own and the lowest in a group. */
export interface ReceiptState {
  readonly receipts: readonly Watermarks[];
  readonly low?: LowWatermarks | undefined;
}

export interface MessagePage {
  readonly messages: readonly MessageRecord[];
  readonly more: boolean;
}

/** A page of what the object still has, and where the rest is. */
export interface HotPage extends MessagePage {
  /** Messages after `after` up to `upTo` are in this archive shard alone; all later ones are in the object. */
  readonly archive: { readonly shard: number; readonly after: Sequence; readonly upTo: Sequence };
}

/**
 * Headers in which the Worker hands the identity of a WebSocket upgrade to an object. It builds them afresh, so
 * nothing that a client sends arrives under these names.
 */
export const identityHeaders = {
  account: "x-sotto-account",
  device: "x-sotto-device",
  session: "x-sotto-session",
  username: "x-sotto-username",
  /** When the access token runs out, and the socket with it: milliseconds since the Unix epoch. */
  expiresAtMs: "x-sotto-expires",
} as const;
