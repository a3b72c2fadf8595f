/** What one entry of a log turned out to be, and what follows from an entry that did not open. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { RetryReason } from "#schema/envelope/retry-envelope.ts";
import type { AccountId } from "#schema/ids.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import { toStored } from "../attachments/stored-attachment.ts";
import { openBody } from "../crypto/body.ts";
import type { BodyKeyPayload } from "../crypto/capsule.ts";
import type { MessageContent } from "../crypto/content.ts";
import { type CryptoErrorCode, isCryptoError, parsing } from "../crypto/errors.ts";
import type { OpenedKey, StoredContent } from "../store/tables.ts";
import type { AccountDevices } from "./directory.ts";
import type { Self } from "./self.ts";

/** What one message is, and the reason to ask for it again when it does not open. */
export interface Outcome {
  readonly content: StoredContent;
  readonly ask?: RetryReason;
  readonly opened?: OpenedKey;
  /** An own operation after which others need keys of this device. */
  readonly handsOut?: true;
}

export type Directories = ReadonlyMap<AccountId, AccountDevices | undefined>;

/** A revoked device's messages are taken while the server dates them before the list that revoked it. */
const revocationSlackMs = 5 * 60_000;

/** Whether a device was active when the server dates something of it. */
export function wasActive(
  directory: AccountDevices,
  entry: { readonly active: boolean },
  serverTimeMs: number,
): boolean {
  return entry.active || serverTimeMs <= directory.issuedAtMs + revocationSlackMs;
}

/** Whether a capsule's key and a message name each other. */
export function isKeyOf(
  { conversationId, clientMessageId }: Pick<MessageRecord, "conversationId" | "clientMessageId">,
  payload: BodyKeyPayload,
): boolean {
  return (
    encodeBase64url(payload.conversationId) === conversationId &&
    encodeBase64url(payload.clientMsgId) === clientMessageId
  );
}

/** Opens the body of a message with the key from its capsule. `broken` when they do not belong together. */
export function openContent(
  self: Self,
  message: Pick<MessageRecord, "conversationId" | "clientMessageId" | "sender" | "body">,
  payload: BodyKeyPayload,
): StoredContent {
  const { sender, body } = message;
  if (!isKeyOf(message, payload)) return { type: "unreadable", reason: "broken" };
  const from = { accountId: decodeBase64url(sender.account), deviceId: sender.device };
  try {
    return storedContent(
      openBody(
        self.provider,
        parsing(() => decodeBase64url(body)),
        payload,
        from,
      ),
    );
  } catch (error) {
    if (isCryptoError(error)) return { type: "unreadable", reason: "broken" };
    throw error;
  }
}

export function storedContent({ payload }: MessageContent): StoredContent {
  if (payload.type === "text") return { type: "text", text: payload.text };
  if (payload.type === "unsupported") return { type: "nothing" };
  return { type: "attachments", text: payload.text, attachments: payload.attachments.map(toStored) };
}

/** What the backup keeps of a body that was opened; nothing of one that is to vanish (CRYPTO 2.5). */
export function openedKey(
  content: StoredContent,
  payload: Pick<BodyKeyPayload, "bodyKey" | "bodyHash" | "sentAtMs" | "expireAfterSeconds">,
  groupEpoch?: number,
): { readonly opened?: OpenedKey } {
  if (content.type === "unreadable" || payload.expireAfterSeconds > 0) return {};
  const { bodyKey, bodyHash, sentAtMs } = payload;
  const key = { key: encodeBase64url(bodyKey), hash: encodeBase64url(bodyHash), sentAtMs };
  return { opened: groupEpoch === undefined ? key : { ...key, groupEpoch } };
}

const reasons: Partial<Record<CryptoErrorCode, RetryReason>> = {
  NO_SESSION: "NO_SESSION",
  FORKED: "FORKED",
  KEM_UNKNOWN: "KEM_UNKNOWN",
  PREKEY_UNKNOWN: "PREKEY_UNKNOWN",
  // Not a repetition, for the message is new here: its sender went back to an earlier state, and needs a new session.
  DUPLICATE: "FORKED",
};

export function reasonOf(code: CryptoErrorCode): RetryReason {
  return reasons[code] ?? "UNDECRYPTABLE";
}

/** Of a capsule that did not open; anything but a `CryptoError` is thrown on. */
export function outcomeOfFault(error: unknown, body: string): Outcome {
  if (isCryptoError(error)) {
    if (error.code === "PREKEY_REUSED") return { content: { type: "nothing" } };
    const ask = reasonOf(error.code);
    return { content: { type: "unreadable", reason: "waiting", body }, ask };
  }
  throw error;
}
