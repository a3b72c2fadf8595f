/** This device's sender key in a group: whether it may still be used, and who was given it (CRYPTO 2.7). */
import { type ConversationId, type DeviceAddress, deviceAddressKey } from "#schema/ids.ts";
import { createSenderKey, type OwnSenderKey, rotationReason } from "../../crypto/group/sender-key.ts";
import {
  groupTable,
  type KeyEntryRecord,
  keyEntryTable,
  ownSenderKeyTable,
  senderKeyHoldersTable,
} from "../../store/group-tables.ts";
import type { Transaction } from "../../store/records.ts";
import { orderedKey, type Versioned } from "../../store/sealed-store.ts";
import { under } from "../../store/tables.ts";
import { type Recipient, recipientKey } from "../capsules.ts";
import type { Self } from "../self.ts";
import { dueKey } from "./group-changes.ts";
import type { GroupDevices } from "./group-roster.ts";

/** The key to use now and the devices that were not given it. A key that may not be used any more is replaced, which is staged. */
export async function currentKey(
  transaction: Transaction,
  self: Self,
  { conversationId, history, recipients }: GroupDevices,
): Promise<{ readonly key: OwnSenderKey; readonly lacking: readonly Recipient[] }> {
  const known = await transaction.get(ownSenderKeyTable, conversationId);
  const holders = await transaction.get(senderKeyHoldersTable, conversationId);
  const given = new Set(holders?.devices);
  const active = new Set(recipients.map(recipientKey));
  const { epoch, groupId, rotationEpoch } = history.head.state;
  const heldByRevoked = holders?.devices.some((device) => !active.has(device)) === true;
  const nowMs = self.nowMs();
  const group = await transaction.get(groupTable, conversationId);
  const due = group && dueKey(group)?.key;
  const isUsable =
    known !== undefined &&
    holders?.mustRotate !== true &&
    (due === undefined || holders?.settingsKey === due) &&
    rotationReason(known, { rotationEpoch, heldByRevoked, nowMs }) === undefined;
  if (isUsable) return { key: known, lacking: recipients.filter((each) => !given.has(recipientKey(each))) };
  const key = createSenderKey(self.provider, { groupId, epoch }, nowMs);
  transaction.put(ownSenderKeyTable, conversationId, key);
  const noHolders = { devices: [], mustRotate: false, ...(due !== undefined && { settingsKey: due }) };
  transaction.put(senderKeyHoldersTable, conversationId, noHolders);
  return { key, lacking: recipients };
}

/** Stages that the others have this key of the settings, or that there are none. */
export async function settleDue(
  transaction: Transaction,
  conversationId: ConversationId,
  settingsKey: string,
): Promise<void> {
  const group = await transaction.get(groupTable, conversationId);
  if (group?.settingsKeys.some(({ key, own }) => key === settingsKey && own === "due") !== true) return;
  const settingsKeys = group.settingsKeys.map(({ own, ...key }) =>
    own === undefined || key.key === settingsKey ? key : { ...key, own },
  );
  transaction.put(groupTable, conversationId, { ...group, settingsKeys });
}

/** Stages that devices were given the key. */
export async function withHolders(
  transaction: Transaction,
  conversationId: ConversationId,
  devices: readonly DeviceAddress[],
): Promise<void> {
  if (devices.length === 0) return;
  const before = await transaction.get(senderKeyHoldersTable, conversationId);
  const after = new Set([...(before?.devices ?? []), ...devices.map(keyOf)]);
  transaction.put(senderKeyHoldersTable, conversationId, {
    mustRotate: false,
    ...before,
    devices: [...after],
  });
}

/** Stages that devices were not given the key after all, or that another key has to be made. */
export async function takeBack(
  transaction: Transaction,
  conversationId: string,
  devices: readonly DeviceAddress[],
  mustRotate: boolean,
): Promise<void> {
  const before = await transaction.get(senderKeyHoldersTable, conversationId);
  if (before === undefined) return;
  const gone = new Set(devices.map(keyOf));
  transaction.put(senderKeyHoldersTable, conversationId, {
    ...before,
    devices: before.devices.filter((device) => !gone.has(device)),
    mustRotate: before.mustRotate || mustRotate,
  });
}

/** Key entries that go before the outbox row at `position`. */
export function listKeyEntries(
  source: Pick<Transaction, "list">,
  conversationId: ConversationId,
  position: number,
): Promise<Versioned<KeyEntryRecord>[]> {
  return source.list(keyEntryTable, under(`${conversationId}/${orderedKey(position)}`));
}

function keyOf({ account, device }: DeviceAddress): string {
  return deviceAddressKey(account, device);
}
