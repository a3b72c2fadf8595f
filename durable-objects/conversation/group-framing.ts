/** What the server reads of an entry of a group's log: that it is meant for this place, and under which key (CRYPTO 2.7). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { bodyMaxBytes, tagBytes } from "#schema/envelope/body.ts";
import { sameBytes } from "#schema/envelope/bytes.ts";
import { EnvelopeError } from "#schema/envelope/envelope-error.ts";
import {
  groupBodyHeadBytes,
  groupBodySigBytes,
  groupBodyType,
  groupKeyEntryBytes,
  groupKeyEntryType,
  parseGroupKeyEntry,
} from "#schema/envelope/group-body.ts";
import { isPaddedLength } from "#schema/envelope/padding.ts";

export type GroupEntry =
  | { readonly type: "message"; readonly epoch: number; readonly keyId: string }
  /** Hands out a sender key and says nothing. */
  | { readonly type: "key"; readonly keyId: string };

const version = 1;
const suite = 1;
/** `ver | type | suite | groupId 16 | epoch 4 | skId 8 | n 4 | clientMsgId 16`: 51 bytes are 68 whole characters. */
const headChars = 68;
const at = { groupId: 3, epoch: 19, keyId: 23, clientMsgId: 35, end: 51 } as const;

/** Reads `body` when it is an entry for this group under this id; undefined otherwise. Decodes the head alone. */
export function tryGroupEntry(
  body: string,
  groupId: Uint8Array,
  clientMessageId: string,
): GroupEntry | undefined {
  try {
    const length = Math.floor((body.length * 3) / 4);
    return length === groupKeyEntryBytes
      ? readKeyEntry(body, groupId, clientMessageId)
      : readMessage(body, length, groupId, clientMessageId);
  } catch (error) {
    if (error instanceof EnvelopeError) return undefined;
    throw error;
  }
}

function readMessage(
  body: string,
  length: number,
  groupId: Uint8Array,
  clientMessageId: string,
): GroupEntry | undefined {
  const sealed = length - groupBodyHeadBytes - groupBodySigBytes - tagBytes;
  if (length > bodyMaxBytes || !isPaddedLength(sealed)) return undefined;
  const head = decodeBase64url(body.slice(0, headChars));
  const isHere =
    head[0] === version &&
    head[1] === groupBodyType &&
    head[2] === suite &&
    sameBytes(head.subarray(at.groupId, at.epoch), groupId) &&
    sameBytes(head.subarray(at.clientMsgId, at.end), decodeBase64url(clientMessageId));
  if (!isHere) return undefined;
  const epoch = new DataView(head.buffer).getUint32(at.epoch);
  return { type: "message", epoch, keyId: encodeBase64url(head.subarray(at.keyId, at.keyId + 8)) };
}

function readKeyEntry(body: string, groupId: Uint8Array, clientMessageId: string): GroupEntry | undefined {
  const bytes = decodeBase64url(body);
  if (bytes[1] !== groupKeyEntryType) return undefined;
  const entry = parseGroupKeyEntry(bytes);
  const isHere =
    sameBytes(entry.groupId, groupId) && sameBytes(entry.clientMsgId, decodeBase64url(clientMessageId));
  return isHere ? { type: "key", keyId: encodeBase64url(entry.senderKeyId) } : undefined;
}
