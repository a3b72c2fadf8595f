/** Typed calls to the objects. A stub that threw may stay broken, so every attempt makes a new one. */
import type { AccountId, ConversationId, RendezvousId } from "#schema/ids.ts";
import type { ConversationRpc } from "#schema/rpc/conversation.ts";
import type { InboxRpc } from "#schema/rpc/inbox.ts";
import type { RendezvousRpc } from "#schema/rpc/rendezvous.ts";
import type { RpcResult } from "#schema/rpc/result.ts";
import type { Env } from "./env.ts";
import { withRetries } from "./retry.ts";

/** Calls an inbox. Throws what it refuses, or `unavailable` when it cannot be reached. */
export function callInbox<Value>(
  env: Pick<Env, "INBOX">,
  account: AccountId,
  call: (inbox: InboxRpc) => Promise<RpcResult<Value>>,
): Promise<Value> {
  // The classes declare that they implement these interfaces; the namespace type does not carry that.
  return withRetries(() => call(env.INBOX.getByName(account) as unknown as InboxRpc));
}

export function callConversation<Value>(
  env: Pick<Env, "CONVERSATION">,
  conversation: ConversationId,
  call: (object: ConversationRpc) => Promise<RpcResult<Value>>,
): Promise<Value> {
  return withRetries(() => call(env.CONVERSATION.getByName(conversation) as unknown as ConversationRpc));
}

export function callRendezvous<Value>(
  env: Pick<Env, "RENDEZVOUS">,
  id: RendezvousId,
  call: (object: RendezvousRpc) => Promise<RpcResult<Value>>,
): Promise<Value> {
  return withRetries(() => call(env.RENDEZVOUS.getByName(id) as unknown as RendezvousRpc));
}
