/**
 * A device whose store was put back to an earlier state holds keys that it has used already (attack 38). It notices by an own message
 * in the log that it knows nothing of, or by its epoch (`StoreProfile`), and from then on uses none of its old keys again.
 */
import type { MessageRecord } from "#schema/protocol/message.ts";
import { senderKeyHoldersTable } from "../store/group-tables.ts";
import type { Transaction } from "../store/records.ts";
import { peerTable, renewalTable, wentBackKey, wentBackTable } from "../store/tables.ts";
import { takeBack } from "./groups/own-key.ts";
import type { Self } from "./self.ts";

/** Stages that none of the keys in use is used again. A message from before the last time this happened is no news. */
export async function startAfresh(
  transaction: Transaction,
  self: Self,
  forgotten: Pick<MessageRecord, "serverTimeMs">,
): Promise<void> {
  const before = await transaction.get(wentBackTable, wentBackKey);
  if (before !== undefined && forgotten.serverTimeMs <= before.atMs) return;
  await renewAllKeys(transaction, Math.max(self.nowMs(), forgotten.serverTimeMs));
}

/**
 * Stages that the next capsule to every device begins a new session, and the next message to every group a new sender key. What is read
 * with the old ones stays readable.
 */
export async function renewAllKeys(transaction: Transaction, atMs: number): Promise<void> {
  await transaction.get(wentBackTable, wentBackKey);
  transaction.put(wentBackTable, wentBackKey, { atMs });
  for (const { key: device } of await transaction.list(peerTable)) {
    await transaction.get(renewalTable, device);
    transaction.put(renewalTable, device, { atMs });
  }
  for (const { key } of await transaction.list(senderKeyHoldersTable)) {
    await takeBack(transaction, key, [], true);
  }
}
