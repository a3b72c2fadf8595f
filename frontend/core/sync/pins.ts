/** What follows from a newer pin: for the person's own comparison, and for what speaks against the server (CRYPTO 2.10, 2.15). */
import type { DirectoryRecord } from "../store/tables.ts";
import type { TrustRecord } from "../store/trust-table.ts";

type Pin = DirectoryRecord["pin"];

/** Lines about changed keys that are kept for one account. */
const keyChangesMax = 20;

/**
 * After lists that verify: another account key ends the comparison, and only where there was one does sending wait for the person. `told` is the
 * key, in base64url, that was compared on another device of this account, empty where that is over.
 */
export function afterPin(
  trust: TrustRecord,
  before: Pin | undefined,
  pin: Pin,
  nowMs: number,
  told = "",
): TrustRecord {
  const { handedPin: _handed, contradicted: _answered, ...rest } = trust;
  if (before?.aik === pin.aik) return rest;
  const { verifiedAik, held: _held, keyChangesMs = [], ...others } = rest;
  const changes = { keyChangesMs: [...keyChangesMs, nowMs].slice(-keyChangesMax) };
  if (told === pin.aik) return { ...others, verifiedAik: told, ...(before && changes) };
  if (before === undefined) return told === "" ? rest : { ...rest, ...changes, held: true };
  const isHeld = rest.held === true || verifiedAik !== undefined;
  return { ...others, ...changes, ...(isHeld && { held: true }) };
}

/** After word from another own device that this key was compared, or (empty) no longer counts; `pinned` is the account's key here. */
export function afterTold(trust: TrustRecord, pinned: string | undefined, told: string): TrustRecord {
  const { verifiedAik: _verified, ...rest } = trust;
  if (told === "") return rest;
  // Nobody has looked at the account here: `afterPin` compares.
  if (pinned === undefined) return trust;
  // The person knows another key than the server has shown here, or than it shows by now.
  if (told !== pinned) return { ...rest, held: true };
  const { held: _held, ...released } = rest;
  return { ...released, verifiedAik: told };
}

/** Nothing worth keeping. */
export function isBlank(trust: TrustRecord): boolean {
  return Object.keys(trust).length === 0;
}
