/** Typed calls to the objects. A stub that threw may stay broken, so every attempt makes a new one. */
import { SottoError } from "#schema/errors.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import type { ConversationRpc } from "#schema/rpc/conversation.ts";
import type { InboxRpc } from "#schema/rpc/inbox.ts";
import { type RpcResult, unwrap } from "#schema/rpc/result.ts";
import type { Env } from "./env.ts";
import { faultOf, logEvent } from "./events.ts";

const attemptsMax = 3;
const baseDelayMs = 50;

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

/** Retries only what the platform calls retryable and not overloaded, with full jitter. */
export async function withRetries<Value>(attempt: () => Promise<RpcResult<Value>>): Promise<Value> {
  for (let attempts = 1; ; attempts += 1) {
    let result: RpcResult<Value>;
    try {
      result = await attempt();
    } catch (error) {
      if (attempts >= attemptsMax || !isRetryable(error)) {
        throw new SottoError("unavailable", "Not possible right now; try again.", {
          retryAfterMs: 1_000,
          cause: error,
        });
      }
      logEvent("warn", { event: "object_call_retried", fault: faultOf(error) });
      await pause(jitterMs(baseDelayMs * 2 ** attempts));
      continue;
    }
    return unwrap(result);
  }
}

function isRetryable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { retryable, overloaded } = error as { retryable?: unknown; overloaded?: unknown };
  return retryable === true && overloaded !== true;
}

function jitterMs(ceilingMs: number): number {
  const [random] = crypto.getRandomValues(new Uint32Array(1));
  return ((random ?? 0) / 2 ** 32) * ceilingMs;
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
