/** Messages opened with a key that came apart from them: repaired, out of a backup, or out of a file (CRYPTO 2.8, 2.13). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { bodyType } from "#schema/envelope/body.ts";
import { groupBodyType } from "#schema/envelope/group-body.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import type { KeyEntry } from "../crypto/backup/key-entries.ts";
import type { BodyKeyPayload } from "../crypto/capsule.ts";
import { isCryptoError, parsing } from "../crypto/errors.ts";
import type { StoredContent } from "../store/tables.ts";
import { openGroupContent, type Taking } from "./groups/handed-over.ts";
import { openContent, openedKey, type Outcome } from "./outcome.ts";

type Sealed = Pick<MessageRecord, "conversationId" | "clientMessageId" | "sender" | "body">;
type Opened = Pick<Outcome, "content" | "opened">;

const broken: StoredContent = { type: "unreadable", reason: "broken" };

export async function openWithKey(
  taking: Taking,
  message: Sealed,
  payload: BodyKeyPayload,
  isGroup: boolean,
): Promise<Opened> {
  if (isGroup) return openGroupContent(taking, message, payload);
  const content = openContent(taking.self, message, payload);
  return { content, ...openedKey(content, payload) };
}

/** Whether this version can use the key. */
export function isUsable(entry: KeyEntry | undefined): entry is KeyEntry {
  return entry?.bodyType === bodyType || entry?.bodyType === groupBodyType;
}

/**
 * What a message says, by a key kept for its position: bound to body, conversation, message, sender and time like a live
 * one (CRYPTO 2.5). Of a group its operations up to the message have to be here. Undefined without a usable key.
 */
export async function openWithEntry(
  taking: Taking,
  message: Sealed,
  entry: KeyEntry | undefined,
): Promise<StoredContent | undefined> {
  if (!isUsable(entry)) return undefined;
  const sender = encodeBase64url(entry.senderAccountId);
  if (sender !== message.sender.account || entry.senderDeviceId !== message.sender.device) return broken;
  const clientMsgId = tryDecode(message.clientMessageId);
  if (clientMsgId === undefined) return broken;
  const payload: BodyKeyPayload = {
    kind: "bodyKey",
    conversationId: decodeBase64url(message.conversationId),
    clientMsgId,
    bodyKey: entry.bodyKey,
    bodyHash: entry.bodyHash,
    sentAtMs: entry.sentAtMs,
    expireAfterSeconds: 0,
  };
  return (await openWithKey(taking, message, payload, entry.bodyType === groupBodyType)).content;
}

/** The type byte of a message's body; undefined when it is not even base64url. */
export function typeOfBody({ body }: Pick<MessageRecord, "body">): number | undefined {
  return tryDecode(body.slice(0, 4))?.[1];
}

function tryDecode(text: string): Uint8Array | undefined {
  try {
    return parsing(() => decodeBase64url(text));
  } catch (error) {
    if (isCryptoError(error)) return undefined;
    throw error;
  }
}
