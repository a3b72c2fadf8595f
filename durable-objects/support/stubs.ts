/** Typed calls from one object to another. A stub that threw may stay broken, so every attempt makes a new one. */
import type { AccountId, ConversationId } from "#schema/ids.ts";
import type { ConversationRpc } from "#schema/rpc/conversation.ts";
import type { InboxRpc } from "#schema/rpc/inbox.ts";

/** What the objects use of the Worker's bindings. Archive shards are the further bindings `ARCHIVE_0`, `ARCHIVE_1` … */
export interface ObjectEnv {
  readonly CONVERSATION: DurableObjectNamespace;
  readonly INBOX: DurableObjectNamespace;
  /** Sustained messages per second and account in one conversation; `limits.messagesPerSecond` unless set. */
  readonly MESSAGES_PER_SECOND?: string;
}

export function inboxStub(env: ObjectEnv, account: AccountId): InboxRpc {
  // The classes declare that they implement these interfaces; the namespace type does not carry that.
  return env.INBOX.getByName(account) as unknown as InboxRpc;
}

export function conversationStub(env: ObjectEnv, conversation: ConversationId): ConversationRpc {
  return env.CONVERSATION.getByName(conversation) as unknown as ConversationRpc;
}
