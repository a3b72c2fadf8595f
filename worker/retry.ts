import { SottoError } from "#schema/errors.ts";
import { type RpcResult, unwrap } from "#schema/rpc/result.ts";
import { faultOf, logEvent } from "./events.ts";

const attemptsMax = 3;
const baseDelayMs = 50;

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
