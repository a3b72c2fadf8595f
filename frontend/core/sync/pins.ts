/** What follows from a newer pin: for the person's own comparison, and for what speaks against the server (CRYPTO 2.10, 2.15). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { DirectoryRecord } from "../store/tables.ts";
import type { TrustRecord } from "../store/trust-table.ts";

type Pin = DirectoryRecord["pin"];

/** Lines about changed keys that are kept for one account. */
const keyChangesMax = 20;

/** After lists that verify: another account key ends the comparison, and only where there was one does sending wait for the person. */
export function afterPin(trust: TrustRecord, before: Pin | undefined, pin: Pin, nowMs: number): TrustRecord {
  const { handedPin: _handed, warning, ...kept } = trust;
  const rest = { ...kept, ...(warning !== undefined && !isAnswered(warning, pin) && { warning }) };
  if (before === undefined || before.aik === pin.aik) return rest;
  const { verifiedAik, keyChangesMs = [], ...others } = rest;
  return {
    ...others,
    ...(verifiedAik !== undefined && { held: true }),
    keyChangesMs: [...keyChangesMs, nowMs].slice(-keyChangesMax),
  };
}

/** Lists that verify answer a contradiction; a withheld list is answered by itself or by a newer one. */
function isAnswered(warning: NonNullable<TrustRecord["warning"]>, pin: Pin): boolean {
  if (warning.type === "contradicted" || pin.version > warning.version) return true;
  const hash8 = encodeBase64url(decodeBase64url(pin.hash).subarray(0, 8));
  return pin.version === warning.version && hash8 === warning.hash8;
}

/** Nothing worth keeping. */
export function isBlank(trust: TrustRecord): boolean {
  return Object.keys(trust).length === 0;
}
