/** Pins and marks of contacts in the backup: what a device that comes back with the recovery code has to go on from (CRYPTO 2.10, 2.13). */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { AccountId } from "#schema/ids.ts";
import { collectPins } from "../account/handed-pins.ts";
import { type BackedUpContacts, contactsMax, encodeContacts } from "../crypto/backup/contacts-block.ts";
import type { HandedPin } from "../crypto/link/handed-pin.ts";
import { syncItemTable } from "../store/own-tables.ts";
import type { Records, Transaction } from "../store/records.ts";
import { type DirectoryRecord, directoryTable, under } from "../store/tables.ts";
import type { TrustRecord } from "../store/trust-table.ts";
import { readItem, toItem } from "../sync/own-items.ts";
import { afterTold } from "../sync/pins.ts";
import type { Self } from "../sync/self.ts";
import { stageTold } from "../sync/told-items.ts";
import { changeTrust } from "../sync/trust-book.ts";

type Pin = DirectoryRecord["pin"];

/** What is known here, the newest marks first; undefined when that is nothing. `digest` tells whether it has changed. */
export async function collectContacts(
  records: Records,
  { account, provider }: Self,
): Promise<{ readonly contacts: BackedUpContacts; readonly digest: string } | undefined> {
  const pins = (await collectPins(records, account)).slice(0, contactsMax);
  const marks = (await records.list(syncItemTable, under("verified")))
    .map(({ key, value }) => toItem(key, value))
    .sort((a, b) => b.changedAtMs - a.changedAtMs)
    .slice(0, contactsMax);
  if (pins.length === 0 && marks.length === 0) return undefined;
  const contacts = { pins, marks };
  return { contacts, digest: encodeBase64url(provider.sha256(encodeContacts(contacts))) };
}

/** Stages what a segment holds of contacts, whichever segment comes first, and whether or not the server was asked about them before. */
export async function takeContacts(
  transaction: Transaction,
  { pins, marks }: BackedUpContacts,
  nowMs: number,
): Promise<void> {
  for (const pin of pins) {
    const account = encodeBase64url(pin.accountId) as AccountId;
    const known = (await transaction.get(directoryTable, account))?.pin;
    const told = await readItem({ read: transaction.get.bind(transaction) }, "verified", account);
    const saved = {
      version: pin.version,
      hash: encodeBase64url(pin.hash),
      aik: encodeBase64url(pin.aik),
    };
    await changeTrust(transaction, account, (trust) => {
      if (known !== undefined) return besideKnown(trust, known, saved, nowMs);
      const after = beforeFirstLook(trust, saved, pin.mark);
      return told === undefined ? after : afterTold(after, after.handedPin?.aik, encodeBase64url(told));
    });
  }
  for (const mark of marks) await stageTold(transaction, mark);
}

/** Nobody has looked at the account here: its lists have to go on from the newest pin. */
function beforeFirstLook(trust: TrustRecord, saved: Pin, mark: HandedPin["mark"]): TrustRecord {
  const { handedPin } = trust;
  if (handedPin !== undefined && handedPin.version >= saved.version) return trust;
  const { verifiedAik, ...rest } = trust;
  const isChanged = verifiedAik !== undefined && verifiedAik !== saved.aik;
  return {
    ...rest,
    handedPin: saved,
    ...(verifiedAik !== undefined && !isChanged && { verifiedAik }),
    ...((isChanged || mark === "held") && { held: true as const }),
  };
}

/** The server was faster: what it gave is compared with what was pinned once. */
function besideKnown(trust: TrustRecord, known: Pin, saved: Pin, nowMs: number): TrustRecord {
  const isFork = known.version === saved.version && known.hash !== saved.hash;
  if (isFork || known.version < saved.version) return { ...trust, contradicted: true };
  // Several segments may tell of the same change.
  if (known.aik === saved.aik || trust.keyChangesMs !== undefined) return trust;
  return { ...trust, keyChangesMs: [nowMs] };
}
