/** What the connection banner says, if anything. Short troubles stay unmentioned. */
import type { ConnectionStatus } from "#core/client-api.ts";

const quietMs = 3_000;

export type BannerView =
  | { readonly type: "offline" }
  | { readonly type: "connecting" }
  | { readonly type: "retrying"; readonly attempt: number; readonly inSeconds: number }
  | { readonly type: "updating" };

export interface BannerInput {
  readonly status: ConnectionStatus;
  /** When the connection was last lost, or the app started; undefined while all is well. */
  readonly troubleSinceMs: number | undefined;
  readonly browserOnline: boolean;
  readonly nowMs: number;
}

export function bannerView({
  status,
  troubleSinceMs,
  browserOnline,
  nowMs,
}: BannerInput): BannerView | undefined {
  if (status.state === "online" || status.state === "idle") return undefined;
  if (status.state === "updating") return { type: "updating" };
  if (troubleSinceMs === undefined || nowMs - troubleSinceMs < quietMs) return undefined;
  if (!browserOnline) return { type: "offline" };
  if (status.state === "connecting") return { type: "connecting" };
  const inSeconds = Math.max(0, Math.ceil((status.retryAtMs - nowMs) / 1_000));
  return { type: "retrying", attempt: status.attempt, inSeconds };
}

/** When the present trouble began, given the status before and now. */
export function troubleSince(
  status: ConnectionStatus,
  before: number | undefined,
  nowMs: number,
): number | undefined {
  if (status.state === "online" || status.state === "idle" || status.state === "updating") return undefined;
  if (status.state === "waiting") return Math.min(before ?? status.sinceMs, status.sinceMs);
  return before ?? nowMs;
}
