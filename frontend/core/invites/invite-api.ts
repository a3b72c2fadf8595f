/** What the app may ask about invite links of groups: a part of `ClientApi`. */
import type { AccountId, ConversationId } from "#schema/ids.ts";
import type { HistoryChoice } from "../client-views.ts";

/** The link of a group, as its members see it. */
export interface InviteView {
  /** What stands behind the # of the link; undefined until this device can read it. */
  readonly code: string | undefined;
  readonly needsApproval: boolean;
  /** Undefined: never. */
  readonly expiresAtMs: number | undefined;
  readonly isExpired: boolean;
}

export interface JoinRequestView {
  readonly account: AccountId;
  readonly username: string;
  readonly requestedAtMs: number;
}

/** `open`: one may come in, or ask to when `needsApproval`. */
export type InviteStanding = "open" | "member" | "waiting" | "refused";

/** What a link shows before one joins. */
export interface InvitePreviewView {
  readonly conversationId: ConversationId;
  readonly avatarSeed: string;
  /** Empty when the link does not open the name (any more). */
  readonly title: string;
  readonly memberCount: number;
  readonly needsApproval: boolean;
  readonly standing: InviteStanding;
}

/** Something asked for that is not answered yet, or was refused. */
export interface PendingJoinView {
  readonly conversationId: ConversationId;
  readonly title: string;
  /** `over`: the link was reset, turned off or ran out meanwhile. */
  readonly state: "waiting" | "refused" | "over";
}

export interface InviteApi {
  /** The link in force. */
  groupInvite(conversationId: ConversationId): Promise<InviteView | undefined>;
  /**
   * Makes a link, or changes the terms of the one in force. With `reset` the one in force ends and another takes its place, as after a
   * removal. Rejects like every operation of a group.
   */
  setInvite(
    conversationId: ConversationId,
    terms: {
      readonly needsApproval: boolean;
      readonly expiresAtMs: number | undefined;
      readonly reset: boolean;
    },
  ): Promise<void>;
  endInvite(conversationId: ConversationId): Promise<void>;
  /** Who asks to be let in, oldest first; for admins and owners, others get nobody. */
  joinRequests(conversationId: ConversationId): Promise<readonly JoinRequestView[]>;
  /** `history` as of `addMembers`. */
  approveJoin(conversationId: ConversationId, account: AccountId, history?: HistoryChoice): Promise<void>;
  refuseJoin(conversationId: ConversationId, account: AccountId): Promise<void>;

  /**
   * What a link or its code leads to; also without an account. Rejects with `invite_invalid` (wrong, reset, turned off or ended by a
   * removal) and `invite_expired`.
   */
  previewInvite(link: string): Promise<InvitePreviewView>;
  /** Comes in, or asks to be let in. Rejects as `previewInvite`, with `group_full`, and `join_refused` when an admin said no before. */
  acceptInvite(link: string): Promise<{
    readonly state: "joined" | "waiting";
    readonly conversationId: ConversationId;
  }>;
  /** What was asked for and is open, asked again of the server where it can be reached. */
  pendingJoins(): Promise<readonly PendingJoinView[]>;
  /** The person has seen what became of it, or no longer wants it. */
  forgetJoin(conversationId: ConversationId): Promise<void>;
}
