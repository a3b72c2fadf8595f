/** What a device does with an entry of a group's log before it applies it. */
import { deviceAddressKey } from "#schema/ids.ts";
import type { MessageNew } from "#schema/protocol/message.ts";
import type { DeviceContext } from "./device-context.ts";
import type { SimDevice } from "./device.ts";
import { readGroupEntry } from "./group-sealed.ts";
import type { Copy, GroupCopy } from "./shelf.ts";

/** Returns whether the device can read it, if anyone can. */
export function takeGroupEntry(
  { operations, sim }: Pick<DeviceContext, "operations" | "sim">,
  { account, key: own }: Pick<SimDevice, "account" | "key">,
  copy: Copy,
  group: GroupCopy,
  { seq, sender, body, clientMessageId: id }: MessageNew,
  hasCapsule: boolean,
): boolean {
  const operation = operations.of(body);
  // Who comes in begins there, whatever it may have had before.
  if (operation?.joined.has(account) === true && seq > copy.cursor + 1) copy.cursor = seq - 1;
  if (seq !== copy.cursor + 1) return true;
  if (operation !== undefined) {
    const isRotated = operation.head.state.rotationEpoch !== group.head?.state.rotationEpoch;
    if (isRotated && !group.isLazy) group.key = undefined;
    group.head = operation.head;
    if (operation.head.state.isDissolved) copy.outbox.length = 0;
    return true;
  }
  const entry = readGroupEntry(body, copy.conversationId, id);
  const from = deviceAddressKey(sender.account, sender.device);
  if (entry === undefined) sim.oracle.violate(`${own}: ${seq} is no entry of a group`);
  if (entry === undefined || from === own) return true;
  const name = `${from}.${entry.keyId}`;
  if (hasCapsule) group.held.add(name);
  return entry.type === "key" || group.held.has(name);
}
