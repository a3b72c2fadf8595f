/** Whether the capsules of a message are for exactly the devices that must be able to read it (DESIGN, promise 4). */
import { type AccountId, type DeviceId, deviceAddressKey } from "#schema/ids.ts";
import type { DeviceSetDifference, MessageSend } from "#schema/protocol/message.ts";
import type { ConversationState } from "./state.ts";

export type SetVerdict =
  | { readonly type: "exact" }
  | { readonly type: "differs"; readonly difference: DeviceSetDifference }
  /** The sender knows a newer list of `account` than has arrived here. */
  | { readonly type: "behind"; readonly account: AccountId };

type Frame = Pick<MessageSend, "capsules" | "lists">;

export function judgeDeviceSet(
  frame: Frame,
  sender: { readonly account: AccountId; readonly device: DeviceId },
  state: ConversationState,
): SetVerdict {
  const named = new Map(frame.lists.map((list) => [list.account, list.version]));
  for (const [account, version] of named) {
    const known = state.members.get(account)?.listVersion;
    if (known !== undefined && version > known) return { type: "behind", account };
  }
  if (isExact(frame, named, sender, state)) return { type: "exact" };
  return { type: "differs", difference: differenceOf(frame, named, sender, state) };
}

/** Whether two capsules are addressed to one device, which no device set explains. */
export function hasRepeatedAddress(frame: Pick<Frame, "capsules">): boolean {
  const keys = new Set(frame.capsules.map((capsule) => deviceAddressKey(capsule.account, capsule.device)));
  return keys.size !== frame.capsules.length;
}

function isExact(
  frame: Frame,
  named: ReadonlyMap<AccountId, number>,
  sender: { readonly account: AccountId; readonly device: DeviceId },
  state: ConversationState,
): boolean {
  if (named.size !== state.members.size) return false;
  for (const member of state.members.values()) {
    if (named.get(member.account) !== member.listVersion) return false;
  }
  const { recipients } = state;
  const isSenderCounted = recipients.has(deviceAddressKey(sender.account, sender.device));
  if (frame.capsules.length !== recipients.size - (isSenderCounted ? 1 : 0)) return false;
  return frame.capsules.every(
    ({ account, device }) =>
      !(account === sender.account && device === sender.device) &&
      recipients.has(deviceAddressKey(account, device)),
  );
}

function differenceOf(
  frame: Frame,
  named: ReadonlyMap<AccountId, number>,
  sender: { readonly account: AccountId; readonly device: DeviceId },
  state: ConversationState,
): DeviceSetDifference {
  const sent = new Set(frame.capsules.map(({ account, device }) => deviceAddressKey(account, device)));
  sent.add(deviceAddressKey(sender.account, sender.device));
  const missing = [];
  const stale = [];
  for (const member of state.members.values()) {
    if (named.get(member.account) !== member.listVersion) {
      stale.push({ account: member.account, version: member.listVersion });
    }
    for (const [device, { active }] of member.devices) {
      if (active && !sent.has(deviceAddressKey(member.account, device))) {
        missing.push({ account: member.account, device });
      }
    }
  }
  const extra = frame.capsules
    .filter(
      ({ account, device }) =>
        (account === sender.account && device === sender.device) ||
        !state.recipients.has(deviceAddressKey(account, device)),
    )
    .map(({ account, device }) => ({ account, device }));
  return { missing, extra, stale };
}
