/** Pins and marks of contacts on their way to another device of the account (CRYPTO 2.9, 2.10). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { AccountId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { HandedPin } from "../crypto/link/handed-pin.ts";
import type { Records, Transaction } from "../store/records.ts";
import { type DirectoryRecord, directoryTable } from "../store/tables.ts";
import { type TrustRecord, trustTable } from "../store/trust-table.ts";

const ranks: Record<HandedPin["mark"], number> = { held: 0, verified: 1, none: 2 };

/** What is pinned here, at most `limits.linkPins`: what the person has compared comes first. */
export async function collectPins(records: Records, self: AccountId): Promise<HandedPin[]> {
  const directories = await records.list(directoryTable);
  const trust = new Map((await records.list(trustTable)).map(({ key, value }) => [key, value]));
  const pins = new Map<string, DirectoryRecord["pin"]>();
  // Handed over to this device itself, and not looked at since.
  for (const [account, { handedPin }] of trust) if (handedPin !== undefined) pins.set(account, handedPin);
  for (const { key, value } of directories) if (key !== self) pins.set(key, value.pin);
  return [...pins]
    .map(([account, { aik, version, hash }]) => ({
      accountId: decodeBase64url(account),
      aik: decodeBase64url(aik),
      version,
      hash: decodeBase64url(hash),
      mark: markOf(trust.get(account)),
    }))
    .sort((a, b) => ranks[a.mark] - ranks[b.mark])
    .slice(0, limits.linkPins);
}

/** Stages them for a device that knows nobody yet. */
export async function takePins(transaction: Transaction, pins: readonly HandedPin[]): Promise<void> {
  for (const { accountId, aik: key, version, hash, mark } of pins) {
    const account = encodeBase64url(accountId);
    const aik = encodeBase64url(key);
    await transaction.get(trustTable, account);
    transaction.put(trustTable, account, {
      handedPin: { version, hash: encodeBase64url(hash), aik },
      ...(mark === "verified" && { verifiedAik: aik }),
      ...(mark === "held" && { held: true }),
    });
  }
}

function markOf(trust: TrustRecord | undefined): HandedPin["mark"] {
  if (trust?.held === true) return "held";
  return trust?.verifiedAik === undefined ? "none" : "verified";
}
