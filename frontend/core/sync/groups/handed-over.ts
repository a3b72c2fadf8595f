/** What one device of a group hands to another: its sender key, or the key of one message (CRYPTO 2.7, 2.8). */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { parseGroupBody } from "#schema/envelope/group-body.ts";
import { parseGroupOp } from "#schema/envelope/group-op.ts";
import { deviceAddressKey } from "#schema/ids.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import type { BodyKeyPayload } from "../../crypto/capsule.ts";
import { isCryptoError, parsing } from "../../crypto/errors.ts";
import { openGroupBodyWithKey } from "../../crypto/group/group-body.ts";
import { acceptSenderKey } from "../../crypto/group/sender-key.ts";
import type { SenderKeyMessage } from "../../crypto/group/sender-key-message.ts";
import {
  groupOperationKey,
  groupOperationTable,
  groupTable,
  senderKeyKey,
  senderKeyTable,
} from "../../store/group-tables.ts";
import type { Transaction } from "../../store/records.ts";
import { isKeyOf, openedKey, type Outcome, storedContent } from "../outcome.ts";
import type { Self } from "../self.ts";
import { contradicted, reconciled } from "./group-chain.ts";
import { takeSettingsKey } from "./settings-taking.ts";

const broken = { content: { type: "unreadable", reason: "broken" } } as const;

/** Where it is taken in. */
export interface Taking {
  readonly transaction: Transaction;
  readonly self: Self;
}

/**
 * Takes in a sender key that a verified device of `sender` handed over, in the log or in answer to a retry. A key for a state of the
 * group that is not the one known here is noted as a contradiction.
 */
export async function takeSenderKey(
  { transaction, self }: Taking,
  sender: MessageRecord["sender"],
  conversationId: MessageRecord["conversationId"],
  message: SenderKeyMessage,
): Promise<void> {
  const group = await transaction.get(groupTable, conversationId);
  if (group === undefined) return;
  const key = senderKeyKey(conversationId, sender);
  const address = deviceAddressKey(sender.account, sender.device);
  const known = await transaction.get(senderKeyTable, key);
  const from = { accountId: decodeBase64url(sender.account), deviceId: sender.device };
  let after = group;
  try {
    const keys = acceptSenderKey(self.provider, group.history, from, known, message);
    if (keys.keys !== known?.keys) transaction.put(senderKeyTable, key, keys);
    after = await takeSettingsKey(
      { transaction, self },
      conversationId,
      reconciled(group, address),
      message.settings,
    );
  } catch (error) {
    if (!isCryptoError(error)) throw error;
    const isOtherState = error.code === "BAD_BINDING" || error.code === "EPOCH_AHEAD";
    if (isOtherState) after = contradicted(group, address);
  }
  if (after !== group) transaction.put(groupTable, conversationId, after);
}

/** Opens a message with its own key: from the answer to a retry, from a backup, or from a member that shares what was said. */
export async function openGroupContent(
  { transaction, self }: Taking,
  message: Pick<MessageRecord, "conversationId" | "clientMessageId" | "sender" | "body">,
  payload: BodyKeyPayload,
): Promise<Pick<Outcome, "content" | "opened">> {
  if (!isKeyOf(message, payload)) return broken;
  try {
    const body = parsing(() => decodeBase64url(message.body));
    const { epoch } = parsing(() => parseGroupBody(body));
    const key = groupOperationKey(message.conversationId, epoch);
    const stored = await transaction.get(groupOperationTable, key);
    if (stored === undefined) return broken;
    const { stateHash } = parseGroupOp(decodeBase64url(stored.operation));
    const from = { accountId: decodeBase64url(message.sender.account), deviceId: message.sender.device };
    const content = storedContent(openGroupBodyWithKey(self.provider, body, payload, from, stateHash));
    return { content, ...openedKey(content, payload, epoch) };
  } catch (error) {
    if (isCryptoError(error)) return broken;
    throw error;
  }
}
