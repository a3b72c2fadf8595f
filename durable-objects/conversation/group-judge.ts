/** Decides about one message of a group in the turn that would order it. */
import { type AccountId, type DeviceAddress } from "#schema/ids.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import type { Identity } from "#schema/rpc/shared.ts";
import type { BitSet } from "./bit-set.ts";
import type { GroupEntry } from "./group-framing.ts";
import type { Verdict } from "./judge.ts";
import type { SenderKeys } from "./sender-keys.ts";
import type { ConversationState } from "./state.ts";

export function judgeGroupEntry(
  frame: MessageSend,
  entry: GroupEntry,
  sender: Identity,
  state: ConversationState,
  keys: SenderKeys,
  isHeld: boolean,
): Verdict {
  const { group } = state;
  const own = state.members.get(sender.account)?.devices.get(sender.device);
  if (group === undefined || own?.active !== true || own.slot === undefined) {
    return { type: "refuse", kind: "forbidden" };
  }
  if (group.isDissolved) return { type: "refuse", kind: "forbidden" };
  const isMessage = entry.type === "message";
  if (isMessage && (entry.epoch < group.rotationEpoch || entry.epoch > state.epoch)) {
    return { type: "refuse", kind: "group_stale", epoch: state.epoch };
  }
  const named = new Map(frame.lists.map((list) => [list.account, list.version]));
  for (const [account, version] of named) {
    const known = state.members.get(account)?.listVersion;
    if (known !== undefined && version > known)
      return { type: "refuse", kind: "unavailable", behind: account };
  }
  const { given, extra, stale } = readCapsules(frame, named, sender, state);
  if (extra.length > 0 || stale.length > 0) {
    return { type: "refuse", kind: "device_set_mismatch", difference: { missing: [], extra, stale } };
  }
  const { account, device } = sender;
  const use = { account, device, keyId: entry.keyId, ownSlot: own.slot, given, isMessage };
  const verdict = isHeld ? keys.judge(use, state.needed) : keys.use(use, state.needed);
  switch (verdict.type) {
    case "dead":
      return { type: "refuse", kind: "sender_key_stale", epoch: state.epoch };
    case "missing": {
      const missing = missingFrom(verdict.holders, state);
      return { type: "refuse", kind: "device_set_mismatch", difference: { missing, extra, stale } };
    }
    case "held":
      if (isHeld) return { type: "refuse", kind: "unavailable" };
      return isMessage
        ? { type: "accept", content: 1, devices: state.needed.count - 1 }
        : { type: "accept", content: 0, devices: given.length };
  }
}

/** The slots of the devices that the capsules are for, and what is wrong with the others. */
function readCapsules(
  frame: MessageSend,
  named: ReadonlyMap<AccountId, number>,
  sender: Identity,
  state: ConversationState,
): {
  readonly given: readonly number[];
  readonly extra: DeviceAddress[];
  readonly stale: { account: AccountId; version: number }[];
} {
  const given: number[] = [];
  const extra: DeviceAddress[] = [];
  const stale = new Map<AccountId, { account: AccountId; version: number }>();
  for (const { account, device } of frame.capsules) {
    const member = state.members.get(account);
    const found = member?.devices.get(device);
    const isOwn = account === sender.account && device === sender.device;
    if (found?.active !== true || found.slot === undefined || isOwn) extra.push({ account, device });
    else given.push(found.slot);
    if (member !== undefined && named.get(account) !== member.listVersion) {
      stale.set(account, { account, version: member.listVersion });
    }
  }
  return { given, extra, stale: [...stale.values()] };
}

function missingFrom(holders: BitSet, state: ConversationState): DeviceAddress[] {
  const missing: DeviceAddress[] = [];
  for (const { account, devices } of state.members.values()) {
    for (const [device, { active, slot }] of devices) {
      if (active && slot !== undefined && !holders.has(slot)) missing.push({ account, device });
    }
  }
  return missing;
}
