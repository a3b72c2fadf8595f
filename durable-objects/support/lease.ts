/** How long a socket may stay: until its access token runs out, and as long as something is heard from it. */
import type { CloseReason } from "#schema/errors.ts";
import { limits } from "#schema/limits.ts";

export interface Lease {
  readonly expiresAtMs: number;
  /** The last frame or ping, or the opening. */
  readonly heardAtMs: number;
}

/** Why the socket must close now, if it must. */
export function leaseEnd(
  lease: Lease,
  nowMs: number,
): Extract<CloseReason, "token_expired" | "silent"> | undefined {
  if (nowMs >= lease.expiresAtMs) return "token_expired";
  return nowMs >= lease.heardAtMs + limits.socketSilenceMs ? "silent" : undefined;
}

/** When to look again at a socket that may stay. */
export function leaseCheckAtMs(lease: Lease): number {
  return Math.min(lease.expiresAtMs, lease.heardAtMs + limits.socketSilenceMs);
}
