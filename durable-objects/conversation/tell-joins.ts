/** Tells live devices that who asks to be let in has changed, or what became of the asking (decision 167). */
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { unwrap } from "#schema/rpc/result.ts";
import { faultOf, logEvent } from "../support/events.ts";
import { inboxStub, type ObjectEnv } from "../support/stubs.ts";

/** Not kept for later: who was away asks when they come back. */
export function tellJoins(
  env: ObjectEnv,
  conversationId: ConversationId,
  accounts: readonly AccountId[],
): void {
  for (const account of accounts) void tell(env, conversationId, account);
}

async function tell(env: ObjectEnv, conversationId: ConversationId, account: AccountId): Promise<void> {
  try {
    unwrap(await inboxStub(env, account).joinsChanged({ conversationId }));
  } catch (error) {
    logEvent("warn", { event: "call_failed", object: "conversation", fault: faultOf(error) });
  }
}
