/** What the connection banner says, if anything. Short troubles stay unmentioned. */
import type { ConnectionStatus } from "#core/client-api.ts";

const quietTroubleMs = 3_000;
/** Catching up mostly takes a blink. */
const quietUpdateMs = 1_000;

export type BannerView =
  | { readonly type: "offline" }
  | { readonly type: "connecting" }
  | { readonly type: "retrying"; readonly attempt: number; readonly inSeconds: number }
  | { readonly type: "updating" };

/** What is known at one instant. A browser that says it is offline is believed before the socket notices. */
interface Moment {
  readonly status: ConnectionStatus;
  readonly browserOnline: boolean;
  readonly nowMs: number;
}

/** Since when things have been as they are; carried from moment to moment. */
export interface Spell {
  readonly kind: "fine" | "trouble" | "updating";
  readonly sinceMs: number;
}

export function spellAt({ status, browserOnline, nowMs }: Moment, before: Spell | undefined): Spell {
  const kind = browserOnline ? kindOf(status) : "trouble";
  const startedMs = status.state === "waiting" ? Math.min(status.sinceMs, nowMs) : nowMs;
  return before?.kind === kind ? before : { kind, sinceMs: startedMs };
}

function kindOf(status: ConnectionStatus): Spell["kind"] {
  if (status.state === "online" || status.state === "idle") return "fine";
  return status.state === "updating" ? "updating" : "trouble";
}

export function bannerView(moment: Moment, spell: Spell): BannerView | undefined {
  const { status, browserOnline, nowMs } = moment;
  const lastedMs = nowMs - spell.sinceMs;
  if (spell.kind === "fine") return undefined;
  if (spell.kind === "updating") return lastedMs < quietUpdateMs ? undefined : { type: "updating" };
  if (lastedMs < quietTroubleMs) return undefined;
  if (!browserOnline) return { type: "offline" };
  if (status.state !== "waiting") return { type: "connecting" };
  const inSeconds = Math.max(0, Math.ceil((status.retryAtMs - nowMs) / 1_000));
  return { type: "retrying", attempt: status.attempt, inSeconds };
}
