/** Keys of earlier messages that did not open are asked for again, and promised again: never more than the operation gave (decision 140). */
import type { AccountId, ConversationId } from "#schema/ids.ts";
import type { CryptoErrorCode } from "../../crypto/errors.ts";
import { groupTable, historyShareTable } from "../../store/group-tables.ts";
import type { Records, Transaction } from "../../store/records.ts";
import { repairTable } from "../../store/tables.ts";
import { type Recipient, recipientKey } from "../capsules.ts";
import { isHourOver } from "../retry-asking.ts";
import type { Self } from "../self.ts";
import { askForAll } from "../sync-asking.ts";
import { type GivenHistory, givenHistory } from "./given-history.ts";

/** Asks a device for all that its account gave to this one, at most once an hour; nothing when it gave nothing. */
export async function askForPromised(
  records: Records,
  self: Self,
  { device, directory: { account } }: Recipient,
  envelope: Uint8Array,
  code: CryptoErrorCode,
): Promise<void> {
  await records.transact(async (transaction) => {
    const [first] = await givenTo(transaction, self.own.cert.accountId, account);
    if (first === undefined) return;
    const to = { account, device: device.deviceId, group: first.conversationId };
    await askForAll(transaction, self, to, envelope, code);
  });
}

/** Stages again what this account gave to the one that asks. False when that was done within the hour, or there is nothing. */
export function promiseAgain(
  records: Records,
  self: Self,
  { device, directory }: Recipient,
): Promise<boolean> {
  const key = `promised-again/${recipientKey({ device, directory })}`;
  return records.transact(async (transaction) => {
    const given = await givenTo(transaction, device.accountId, self.account);
    if (given.length === 0 || !isHourOver(await transaction.get(repairTable, key), self.nowMs()))
      return false;
    transaction.put(repairTable, key, { atMs: self.nowMs() });
    for (const { conversationId, from, below } of given) {
      const share = `${conversationId}/again/${directory.account}`;
      await transaction.get(historyShareTable, share);
      transaction.put(historyShareTable, share, { accounts: [directory.account], from, below });
    }
    return true;
  });
}

async function givenTo(
  transaction: Transaction,
  accountId: Uint8Array,
  by: AccountId,
): Promise<(GivenHistory & { readonly conversationId: ConversationId })[]> {
  const source = { read: transaction.get.bind(transaction) };
  const found = [];
  for (const { key, value } of await transaction.list(groupTable)) {
    const conversationId = key as ConversationId;
    const given = await givenHistory(source, accountId, conversationId, value.history);
    if (given?.by === by) found.push({ ...given, conversationId });
  }
  return found;
}
