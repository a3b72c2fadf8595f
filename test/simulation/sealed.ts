/** Messages with real framing around a readable core: only the capsule of a device "opens" there. */
import { type AccountId, type ClientMessageId, deviceAddressKey } from "#schema/ids.ts";
import type { ConversationId } from "#schema/ids.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import { rawBody, rawCapsule } from "#test/support/raw-frames.ts";

const capsule = rawCapsule();
const tagAt = 60;
const someId = "A".repeat(22);
const bodyTail = rawBody(someId, someId).slice(46);
const heads = new Map<string, string>();

function bodyOf(conversationId: ConversationId, id: ClientMessageId): string {
  let head = heads.get(conversationId);
  if (head === undefined) {
    head = rawBody(conversationId, someId).slice(0, 24);
    heads.set(conversationId, head);
  }
  return head + id + bodyTail;
}

/** A capsule that `opens` for this device and message. */
export function capsuleFor(key: string, id: ClientMessageId): string {
  const tag = `${key.replace(".", "-")}-${id}`;
  return capsule.slice(0, tagAt) + tag + capsule.slice(tagAt + tag.length);
}

/** Whether this capsule was made for this device and message. */
export function opens(data: string, key: string, id: ClientMessageId): boolean {
  return data === capsuleFor(key, id);
}

export function sealFrame(
  conversationId: ConversationId,
  id: ClientMessageId,
  sender: string,
  sets: readonly DeviceSet[],
): string {
  const capsules = sets.flatMap(({ account, devices }) =>
    devices
      .filter((device) => deviceAddressKey(account, device) !== sender)
      .map((device) => ({ account, device, data: capsuleFor(deviceAddressKey(account, device), id) })),
  );
  return JSON.stringify({
    type: "message:send",
    conversationId,
    clientMessageId: id,
    body: bodyOf(conversationId, id),
    capsules,
    lists: sets.map(({ account, version }: { account: AccountId; version: number }) => ({
      account,
      version,
    })),
  });
}

/** The `count`-th id of a run: 16 bytes, no stray bits. */
export function idOf(letter: string, count: number): string {
  return `${letter}${String(count).padStart(20, "0")}A`;
}
