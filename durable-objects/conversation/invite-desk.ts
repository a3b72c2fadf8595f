/**
 * What holders of a group's invite link may ask, and who waits to be let in (decision 121). Who does not know the key of the invite in
 * force learns nothing, not even that there is a group. Proofs of who asks are verified before they get here.
 */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { sameBytes } from "#schema/envelope/bytes.ts";
import { groupRoles } from "#schema/envelope/group-change.ts";
import { type GroupInvite, isInviteExpired } from "#schema/envelope/group-invite.ts";
import type { GroupState } from "#schema/envelope/group-state.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type {
  InvitedInput,
  InvitePreview,
  JoinRequest,
  JoinRequestState,
  OperationPage,
} from "#schema/rpc/conversation.ts";
import { refusal } from "../support/error-events.ts";
import { TokenBucket } from "../support/token-bucket.ts";
import type { GroupStore } from "./group-store.ts";
import type { JoinRequestStore } from "./join-request-store.ts";
import { operationPage } from "./ledger.ts";
import type { ConversationState } from "./state.ts";

/** What holders of one group's link may ask at once, and how long one question takes to come back: a link in a busy channel. */
export const inviteCallBurst = 300;
export const inviteCallRefillMs = 200;

export interface InviteDeskContext {
  /** Undefined while there is no conversation. */
  readonly state: () => ConversationState | undefined;
  readonly groupStore: GroupStore;
  readonly requests: JoinRequestStore;
  readonly now: () => number;
  /** Who asks has changed, or what became of it: these accounts are concerned. */
  readonly tell: (conversationId: ConversationId, accounts: readonly AccountId[]) => void;
}

interface Found {
  readonly state: ConversationState;
  readonly group: GroupState;
  readonly invite: GroupInvite;
}

export class InviteDesk {
  readonly #context: InviteDeskContext;
  #bucket: TokenBucket | undefined;

  constructor(context: InviteDeskContext) {
    this.#context = context;
  }

  preview(publicKey: string): InvitePreview {
    const { group, invite } = this.#find(publicKey);
    return {
      settings: encodeBase64url(Uint8Array.from(group.settings)),
      sealed: encodeBase64url(Uint8Array.from(invite.sealed)),
      needsApproval: invite.needsApproval,
      expiresAtMs: invite.expiresAtMs,
      members: group.members.length,
    };
  }

  /** For who may come in without being asked about; members are named in operations. */
  operations({ publicKey, after }: InvitedInput & { readonly after: number }): OperationPage {
    const { invite } = this.#find(publicKey);
    if (invite.needsApproval) throw refusal("forbidden");
    return operationPage(this.#context.groupStore, after, limits.pageMax);
  }

  request({ identity, publicKey, proof }: InvitedInput & { readonly proof: string }): JoinRequestState {
    const { requests, now, tell } = this.#context;
    const { state, invite } = this.#find(publicKey);
    const { account, username } = identity;
    if (!invite.needsApproval || state.members.has(account)) throw refusal("forbidden");
    const known = requests.find(account);
    if (known !== undefined) return stateOf(known);
    const isFull = requests.waiting(limits.joinRequests).length >= limits.joinRequests;
    if (isFull) throw refusal("rate_limited", { retryAfterMs: limits.joinRequestMs / 30 });
    requests.add({ account, username, requestedAtMs: now(), publicKey, proof });
    tell(state.record.conversationId, adminsOf(state));
    return "waiting";
  }

  stateOf({ identity, publicKey }: InvitedInput): JoinRequestState {
    this.#find(publicKey);
    return stateOf(this.#context.requests.find(identity.account));
  }

  waiting(admin: AccountId): readonly JoinRequest[] {
    const state = this.#asAdmin(admin);
    const waiting = this.#context.requests.waiting(limits.joinRequests);
    return waiting.filter(({ account }) => {
      if (!state.members.has(account)) return true;
      this.#context.requests.remove(account);
      return false;
    });
  }

  refuse(admin: AccountId, account: AccountId): void {
    const state = this.#asAdmin(admin);
    const { requests, tell } = this.#context;
    if (requests.find(account)?.refused !== 0) throw refusal("not_found");
    requests.refuse(account);
    tell(state.record.conversationId, [account, ...adminsOf(state)]);
  }

  /** What limits the calls comes first, so that it tells nothing about the group. */
  #find(publicKey: string): Found {
    const { now } = this.#context;
    this.#bucket ??= new TokenBucket(1_000 / inviteCallRefillMs, inviteCallBurst, now());
    const retryAfterMs = this.#bucket.take(now());
    if (retryAfterMs > 0) throw refusal("rate_limited", { retryAfterMs });
    const state = this.#context.state();
    if (state?.group === undefined) throw refusal("not_found");
    const invite = invited(state.group, decodeBase64url(publicKey), now());
    this.#forgetOld(invite);
    return { state, group: state.group, invite };
  }

  #asAdmin(account: AccountId): ConversationState {
    const state = this.#context.state();
    const role = state?.members.get(account)?.role;
    if (state === undefined || role === undefined) throw refusal("not_found");
    if (role < groupRoles.admin) throw refusal("forbidden");
    this.#forgetOld(state.group?.invite);
    return state;
  }

  #forgetOld(invite: GroupInvite | undefined): void {
    const key = invite === undefined ? "" : encodeBase64url(Uint8Array.from(invite.publicKey));
    this.#context.requests.keepOnly(key, this.#context.now() - limits.joinRequestMs);
  }
}

/** The invite in force, for who knows its key. Throws `not_found` and `link_over`. */
export function invited(group: GroupState, publicKey: Uint8Array, nowMs: number): GroupInvite {
  const { invite, isDissolved } = group;
  const isKnown = invite !== undefined && sameBytes(invite.publicKey, publicKey);
  if (!isKnown || isDissolved) throw refusal("not_found");
  if (isInviteExpired(invite, nowMs)) throw refusal("link_over");
  return invite;
}

function adminsOf({ members }: ConversationState): AccountId[] {
  return [...members.values()].filter(({ role }) => role >= groupRoles.admin).map(({ account }) => account);
}

function stateOf(request: { readonly refused: number } | undefined): JoinRequestState {
  if (request === undefined) return "none";
  return request.refused === 1 ? "refused" : "waiting";
}
