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
  /** Refuses as `assertMember` does. */
  page(input: PageInput): Promise<RpcResult<HotPage>>;
}
