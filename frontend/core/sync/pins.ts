/** What follows from a newer pin: for the person's own comparison, and for what speaks against the server (CRYPTO 2.10, 2.15). */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { ListPin } from "../crypto/list-chain.ts";
import type { DirectoryRecord, DirectoryWarning } from "../store/tables.ts";

/** Lines about changed keys that are kept for one account. */
const keyChangesMax = 20;

/** Another account key ends the comparison; only where there was one does sending wait for the person. */
export function withKeyOf(
  aik: string,
  before: DirectoryRecord | undefined,
  nowMs: number,
): Pick<DirectoryRecord, "identityChanged" | "verifiedAik" | "keyChangesMs"> {
  if (before === undefined) return { identityChanged: false };
  const { identityChanged, verifiedAik, keyChangesMs = [], pin } = before;
  if (pin.aik === aik) {
    return {
      identityChanged,
      ...(verifiedAik !== undefined && { verifiedAik }),
      ...(keyChangesMs.length > 0 && { keyChangesMs }),
    };
  }
  return {
    identityChanged: identityChanged || verifiedAik === pin.aik,
    keyChangesMs: [...keyChangesMs, nowMs].slice(-keyChangesMax),
  };
}

/** Lists that verify answer a contradiction; a withheld list is answered by itself or by a newer one. */
export function withoutAnsweredWarning(
  pin: ListPin,
  warning: DirectoryWarning | undefined,
): Pick<DirectoryRecord, "warning"> {
  if (warning?.type !== "withheld" || pin.version > warning.version) return {};
  const isTheList =
    pin.version === warning.version && encodeBase64url(pin.hash.subarray(0, 8)) === warning.hash8;
  return isTheList ? {} : { warning };
}
