/** What a conversation object answers to the Worker and to inbox objects. */
import type { AccountId, ConversationId, DeviceId, Sequence, SessionId } from "../ids.ts";
import type { RpcResult } from "./result.ts";
import type { DeviceSet, HotPage, Identity, Member, Summary } from "./shared.ts";

export interface InitialiseInput {
  readonly conversationId: ConversationId;
  readonly kind: "direct";
  readonly archiveShard: number;
  readonly createdAtMs: number;
  /** Two, in the order of their account ids. */
  readonly members: readonly Member[];
  /** Who asked: the conversation shows in this member's inbox before it has a message. */
  readonly initiator: AccountId;
}

/** The first operation of a group, whose signature the Worker has verified. */
export interface CreateGroupInput extends OperationInput {
  readonly conversationId: ConversationId;
  readonly archiveShard: number;
  readonly createdAtMs: number;
}

export interface OperationInput {
  /** The actor. */
  readonly identity: Identity;
  /** base64url. */
  readonly operation: string;
}

export interface OperationAnswer {
  readonly epoch: number;
  readonly seq: Sequence;
}

export interface OperationPage {
  readonly operations: readonly (OperationAnswer & { readonly operation: string })[];
  readonly more: boolean;
}

export interface GroupMembers {
  readonly epoch: number;
  readonly members: readonly (Member & {
    /** 1 member, 2 admin, 3 owner. */
    readonly role: number;
    readonly joinedEpoch: number;
    /** Of the account's device list, as far as it is known here. */
    readonly listVersion: number;
  })[];
}

/** Asked by somebody who has the link. Proofs are verified by the Worker. */
export interface InvitedInput {
  readonly identity: Identity;
  /** base64url, as all binary fields. */
  readonly publicKey: string;
}

export interface InvitePreview {
  readonly settings: string;
  readonly sealed: string;
  readonly needsApproval: boolean;
  readonly expiresAtMs: number;
  readonly members: number;
}

export interface JoinRequest {
  readonly account: AccountId;
  readonly username: string;
  readonly requestedAtMs: number;
  readonly publicKey: string;
  readonly proof: string;
}

export type JoinRequestState = "none" | "waiting" | "refused";

/** Where one message is. */
export interface Delivery {
  /** It was accepted for that many devices … */
  readonly devices: number;
  /** … of which so many have acknowledged it and are still in the conversation. */
  readonly acknowledged: number;
  readonly members: readonly {
    readonly account: AccountId;
    readonly delivered: boolean;
    readonly read: boolean;
  }[];
}

export interface AccountChange {
  readonly set: DeviceSet;
  readonly endedSessions: readonly SessionId[];
}

export interface ReceiptInput {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly delivered: Sequence;
  readonly read: Sequence;
}

export interface PageInput {
  readonly identity: Identity;
  readonly limit: number;
  readonly before?: Sequence | undefined;
  readonly after?: Sequence | undefined;
}

export interface ConversationRpc {
  /** Idempotent: creates the conversation or confirms it, registers it with both inboxes. */
  initialise(input: InitialiseInput): Promise<RpcResult<Summary>>;
  /** A member's devices changed or sessions ended; sockets of ended sessions and inactive devices close. */
  accountChanged(change: AccountChange): Promise<RpcResult<null>>;
  /** Watermarks that came over a member's inbox socket. Refuses a stranger with `not_found`. */
  receipts(input: ReceiptInput): Promise<RpcResult<null>>;
  /** Refuses a stranger, a former member and an unknown conversation alike with `not_found`. */
  assertMember(identity: Identity): Promise<RpcResult<null>>;
  /** Refusals: `group_conflict`, `forbidden`, `malformed`; `not_found` for a member that does not exist. */
  createGroup(input: CreateGroupInput): Promise<RpcResult<Summary>>;
  postOperation(input: OperationInput): Promise<RpcResult<OperationAnswer>>;
  /** Ascending, just after the epoch `after`. */
  operations(input: {
    readonly account: AccountId;
    readonly after: number;
    readonly limit: number;
  }): Promise<RpcResult<OperationPage>>;
  groupMembers(input: { readonly account: AccountId }): Promise<RpcResult<GroupMembers>>;
  /** All calls about invites refuse who does not know the one in force with `not_found`, after its time with `link_over`. */
  previewInvite(input: { readonly publicKey: string }): Promise<RpcResult<InvitePreview>>;
  invitedOperations(input: InvitedInput & { readonly after: number }): Promise<RpcResult<OperationPage>>;
  requestJoin(input: InvitedInput & { readonly proof: string }): Promise<RpcResult<JoinRequestState>>;
  joinRequestState(input: InvitedInput): Promise<RpcResult<JoinRequestState>>;
  /** For admins and owners, `forbidden` to other members. */
  joinRequests(input: { readonly account: AccountId }): Promise<RpcResult<readonly JoinRequest[]>>;
  refuseJoin(input: { readonly account: AccountId; readonly refused: AccountId }): Promise<RpcResult<null>>;
  /** Answers the sender of the message alone. */
  delivery(input: { readonly account: AccountId; readonly seq: Sequence }): Promise<RpcResult<Delivery>>;
  /** A device gave up on `count` messages. */
  undecryptable(input: { readonly account: AccountId; readonly count: number }): Promise<RpcResult<null>>;
  /** Refuses a stranger and an unknown conversation alike with `not_found`, as do all calls for an account. */
  page(input: PageInput): Promise<RpcResult<HotPage>>;
}
