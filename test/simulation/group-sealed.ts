/** Entries of a group with real framing; who was handed a sender key can read what is sealed under it. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { tagBytes } from "#schema/envelope/body.ts";
import {
  encodeGroupBodyHead,
  encodeGroupKeyEntry,
  groupBodyHeadBytes,
  groupBodySigBytes,
} from "#schema/envelope/group-body.ts";
import type { AccountId, ClientMessageId, ConversationId } from "#schema/ids.ts";
import { deviceAddressKey } from "#schema/ids.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import { type GroupEntry, GroupFraming } from "#durable-objects/conversation/group-framing.ts";
import { capsuleFor } from "./sealed.ts";

const commitment = new Uint8Array(32);
const nonce = new Uint8Array(24);
/** Up to here heads differ; it is a whole number of characters. */
const variedBytes = 51;
const rest = encodeBase64url(
  new Uint8Array(groupBodyHeadBytes - variedBytes + 256 + tagBytes + groupBodySigBytes),
);

export interface GroupFrame {
  readonly type: "message" | "key";
  readonly groupId: ConversationId;
  readonly id: ClientMessageId;
  readonly epoch: number;
  readonly keyId: string;
  /** The devices that get the key. */
  readonly to: readonly { readonly account: AccountId; readonly device: number }[];
  /** Of their accounts. */
  readonly sets: readonly DeviceSet[];
}

/** The `count`-th sender key of a run: 8 bytes, no stray bits. */
export function keyIdOf(count: number): string {
  return `k${String(count).padStart(9, "0")}A`;
}

export function sealGroupFrame({ type, groupId, id, epoch, keyId, to, sets }: GroupFrame): string {
  const place = { groupId: decodeBase64url(groupId), clientMsgId: decodeBase64url(id) };
  const senderKeyId = decodeBase64url(keyId);
  const body =
    type === "key"
      ? encodeGroupKeyEntry({ ...place, senderKeyId })
      : encodeGroupBodyHead({ ...place, epoch, senderKeyId, number: 0, commitment, nonce });
  return JSON.stringify({
    type: "message:send",
    conversationId: groupId,
    clientMessageId: id,
    body: type === "key" ? encodeBase64url(body) : encodeBase64url(body.subarray(0, variedBytes)) + rest,
    capsules: to.map((address) => ({
      ...address,
      data: capsuleFor(deviceAddressKey(address.account, address.device), id),
    })),
    lists: sets.map(({ account, version }) => ({ account, version })),
  });
}

/** What an entry says of itself; undefined for an operation. */
export function readGroupEntry(
  body: string,
  groupId: ConversationId,
  id: ClientMessageId,
): GroupEntry | undefined {
  return new GroupFraming(decodeBase64url(groupId)).tryEntry(body, id);
}
