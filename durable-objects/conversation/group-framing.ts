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
import { base64urlValue } from "./framing.ts";

export type GroupEntry =
  | { readonly type: "message"; readonly epoch: number; readonly keyId: string }
  /** Hands out a sender key and says nothing. */
  | { readonly type: "key"; readonly keyId: string };

const version = 1;
const suite = 1;
/**
 * `ver | type | suite | groupId 16 | epoch 4 | skId 8 | n 4 | clientMsgId 16`. Three bytes are four characters, so the first 33
 * bytes, which only the lowest half of `n` does not belong to, are the 44 characters that a sender repeats.
 */
const groupIdAt = 3;
const epochAt = 19;
const keyIdAt = 23;
const repeatedChars = 44;
/** The id begins at byte 35: four bits of `n` before it share its first character. */
const idChar = 46;
const idChars = 22;

/** Reads the entries of one group's log. What nearly every message repeats of the last one is compared, not decoded. */
export class GroupFraming {
  readonly #groupId: Uint8Array;
  #last: { readonly start: string; readonly entry: GroupEntry } | undefined;

  constructor(groupId: Uint8Array) {
    this.#groupId = groupId;
  }

  /** What `body` is when it is an entry for this group under this id; undefined otherwise. */
  tryEntry(body: string, clientMessageId: string): GroupEntry | undefined {
    try {
      const length = Math.floor((body.length * 3) / 4);
      return length === groupKeyEntryBytes
        ? readKeyEntry(body, this.#groupId, clientMessageId)
        : this.#message(body, length, clientMessageId);
    } catch (error) {
      if (error instanceof EnvelopeError) return undefined;
      throw error;
    }
  }

  #message(body: string, length: number, clientMessageId: string): GroupEntry | undefined {
    const sealed = length - groupBodyHeadBytes - groupBodySigBytes - tagBytes;
    if (length > bodyMaxBytes || !isPaddedLength(sealed)) return undefined;
    if (!isIdIn(body, clientMessageId)) return undefined;
    if (this.#last === undefined || !body.startsWith(this.#last.start)) {
      const start = body.slice(0, repeatedChars);
      const entry = readStart(start, this.#groupId);
      if (entry === undefined) return undefined;
      this.#last = { start, entry };
    }
    return this.#last.entry;
  }
}

function readStart(start: string, groupId: Uint8Array): GroupEntry | undefined {
  const head = decodeBase64url(start);
  const isHere =
    head[0] === version &&
    head[1] === groupBodyType &&
    head[2] === suite &&
    sameBytes(head.subarray(groupIdAt, epochAt), groupId);
  if (!isHere) return undefined;
  const epoch = new DataView(head.buffer).getUint32(epochAt);
  return { type: "message", epoch, keyId: encodeBase64url(head.subarray(keyIdAt, keyIdAt + 8)) };
}

/** Whether the id stands in the body, where each of its characters is spread over two. */
function isIdIn(body: string, clientMessageId: string): boolean {
  if (clientMessageId.length !== idChars) return false;
  for (let index = 0; index < idChars - 1; index += 1) {
    const high = base64urlValue(body, idChar + index) & 3;
    const low = base64urlValue(body, idChar + index + 1) >> 2;
    if (base64urlValue(clientMessageId, index) !== ((high << 4) | low)) return false;
  }
  const last = base64urlValue(body, idChar + idChars - 1) & 3;
  return base64urlValue(clientMessageId, idChars - 1) >> 4 === last;
}

function readKeyEntry(body: string, groupId: Uint8Array, clientMessageId: string): GroupEntry | undefined {
  const bytes = decodeBase64url(body);
  if (bytes[1] !== groupKeyEntryType) return undefined;
  const entry = parseGroupKeyEntry(bytes);
  const isHere =
    sameBytes(entry.groupId, groupId) && sameBytes(entry.clientMsgId, decodeBase64url(clientMessageId));
  return isHere ? { type: "key", keyId: encodeBase64url(entry.senderKeyId) } : undefined;
}
