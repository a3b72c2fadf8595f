/** How long to wait before the next attempt, and which close codes ask for something else. */
import { type CloseReason, closeCodes } from "#schema/errors.ts";
import type { Provider } from "../crypto/provider.ts";
import { randomFraction } from "../environment.ts";

export const backoffMs = { min: 500, max: 30_000 } as const;

/** Full jitter between 0.5 s and a ceiling that doubles with every attempt (1, 2, 3 …) up to 30 s. */
export function backoffDelayMs(provider: Provider, attempt: number): number {
  const ceiling = Math.min(backoffMs.max, backoffMs.min * 2 ** Math.min(Math.max(attempt, 1), 10));
  return Math.round(backoffMs.min + randomFraction(provider) * (ceiling - backoffMs.min));
}

/**
 * `retry`: wait and connect again. `retry_slowly`: the same at the longest delay. `retry_now`: connect again at once.
 * `new_token`: at once with another access token. `stop`: this socket is not to be had.
 */
export type CloseRemedy = "retry" | "retry_slowly" | "retry_now" | "new_token" | "stop";

const remedies: Record<CloseReason, CloseRemedy> = {
  malformed: "retry_slowly",
  unauthenticated: "new_token",
  token_expired: "new_token",
  forbidden: "stop",
  not_found: "stop",
  silent: "retry_now",
  replaced: "retry_slowly",
  session_revoked: "new_token",
  too_large: "retry_slowly",
  upgrade_required: "stop",
  rate_limited: "retry_slowly",
  too_slow: "retry_now",
  unavailable: "retry",
};

const remedyByCode = new Map<number, CloseRemedy>(
  Object.entries(closeCodes).map(([reason, code]) => [code, remedies[reason as CloseReason]]),
);

/** What a close code asks of the client; codes outside the table mean a lost connection. */
export function closeRemedy(code: number): CloseRemedy {
  return remedyByCode.get(code) ?? "retry";
}
