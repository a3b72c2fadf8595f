/** What follows from a newer pin: for the person's own comparison, and for what speaks against the server (CRYPTO 2.10, 2.15). */
import type { DirectoryRecord } from "../store/tables.ts";
import type { TrustRecord } from "../store/trust-table.ts";

type Pin = DirectoryRecord["pin"];

/** Lines about changed keys that are kept for one account. */
const keyChangesMax = 20;

/** After lists that verify: another account key ends the comparison, and only where there was one does sending wait for the person. */
export function afterPin(trust: TrustRecord, before: Pin | undefined, pin: Pin, nowMs: number): TrustRecord {
  const { handedPin: _handed, contradicted: _answered, ...rest } = trust;
  if (before === undefined || before.aik === pin.aik) return rest;
  const { verifiedAik, keyChangesMs = [], ...others } = rest;
  return {
    ...others,
    ...(verifiedAik !== undefined && { held: true }),
    keyChangesMs: [...keyChangesMs, nowMs].slice(-keyChangesMax),
  };
}

/** Nothing worth keeping. */
export function isBlank(trust: TrustRecord): boolean {
  return Object.keys(trust).length === 0;
}
