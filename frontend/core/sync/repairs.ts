/** Answers requests for repair, and takes repaired capsules so that a waiting message heals in place (CRYPTO 2.8). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { RetryReason, RetryRequest } from "#schema/envelope/retry-envelope.ts";
import {
  type ClientMessageId,
  type ConversationId,
  type DeviceAddress,
  deviceAddressKey,
} from "#schema/ids.ts";
import type { SessionCall } from "../api/session-api.ts";
import type { BodyKeyPayload, Gossip } from "../crypto/capsule.ts";
import { wasMember } from "../crypto/group/group-history.ts";
import { backupLateTable } from "../store/backup-tables.ts";
import { groupTable } from "../store/group-tables.ts";
import type { Records, Transaction } from "../store/records.ts";
import {
  conversationTable,
  deviceOutboxTable,
  messageIdKey,
  messageIdTable,
  messageKey,
  messageTable,
  repairTable,
  retryTable,
  type SentKey,
  type StoredMessage,
  under,
} from "../store/tables.ts";
import { isCryptoError } from "../crypto/errors.ts";
import { claimVerifiedBundles } from "./bundle-claims.ts";
import { openCapsule, type Recipient, recipientKey, trySealCapsule } from "./capsules.ts";
import type { Directory } from "./directory.ts";
import { takeSenderKey } from "./groups/handed-over.ts";
import { takeBack } from "./groups/own-key.ts";
import { openWithKey } from "./key-opening.ts";
import { reasonOf } from "./outcome.ts";
import { askAgain, groupOf, isHourOver, retriesMax, retryPauseMs, tryCountRetry } from "./retry-asking.ts";
import { createMessageId, type Self } from "./self.ts";

/** Keys of sent bodies answer retries for 14 days (CRYPTO 2.8). */
const sentKeysMs = 14 * 86_400_000;

/** Reasons for which the session itself has to be replaced. */
const needsHandshake: ReadonlySet<RetryReason> = new Set([
  "NO_SESSION",
  "FORKED",
  "KEM_UNKNOWN",
  "PREKEY_UNKNOWN",
]);

export class Repairs {
  readonly #records: Records;
  readonly #self: Self;
  readonly #directory: Directory;
  readonly #call: SessionCall;

  constructor(records: Records, self: Self, directory: Directory, call: SessionCall) {
    this.#records = records;
    this.#self = self;
    this.#directory = directory;
    this.#call = call;
  }

  /**
   * Sends the capsule of one own message again: only to a device that it was sent to and that is still active, at most
   * five times per message, with at most one new handshake per device and hour. Never answers in the clear.
   */
  async answer(asker: Recipient, request: RetryRequest): Promise<void> {
    const message = await this.#sentTo(asker, request);
    if (message?.sent === undefined) return;
    const repaired = await this.#records.read(repairTable, recipientKey(asker));
    const fresh = needsHandshake.has(request.reason) && isHourOver(repaired, this.#self.nowMs());
    const own = await this.#directory.load(this.#self.account);
    let bundles = fresh ? await claimVerifiedBundles(this.#self, this.#call, [asker]) : new Map();
    const payload = payloadOf(message, message.sent);
    const isSealed = () =>
      this.#records.transact(async (transaction) => {
        const count = await countAnswer(transaction, asker, request, this.#self.nowMs());
        if (!count) return true;
        const options = { bundles, fresh };
        const envelope = await trySealCapsule(transaction, this.#self, asker, own, payload, options);
        if (envelope === undefined) throw new NoSessionYet();
        if (fresh) {
          await transaction.get(repairTable, recipientKey(asker));
          transaction.put(repairTable, recipientKey(asker), { atMs: this.#self.nowMs() });
        }
        const id = createMessageId(this.#self.provider);
        const { account } = asker.directory;
        const data = encodeBase64url(envelope);
        const to = { account, device: asker.device.deviceId };
        const through = await groupOf(transaction, message.conversationId);
        transaction.insert(deviceOutboxTable, id, { id, ...to, data, ...through });
        if (request.reason === "NO_SENDER_KEY") await this.#forget(transaction, message, to);
        if (request.reason === "UNDECRYPTABLE") await this.#renewSenderKey(transaction, message);
        return true;
      });
    try {
      await isSealed();
    } catch (error) {
      if (!(error instanceof NoSessionYet)) throw error;
      bundles = await claimVerifiedBundles(this.#self, this.#call, [asker]);
      if (bundles.size > 0) await isSealed();
    }
  }

  /** Asks once more for messages that were asked for more than an hour ago and still wait. */
  async askOnceMore(): Promise<void> {
    for (const { key, value } of await this.#records.list(retryTable, under("asked"))) {
      if (value.count >= retriesMax || this.#self.nowMs() - value.lastAtMs < retryPauseMs) continue;
      const [, conversationId = "", seq = ""] = key.split("/");
      await this.#records.transact(async (transaction) => {
        const message = await transaction.get(messageTable, `${conversationId}/${seq}`);
        const content = message?.content;
        if (message === undefined || content?.type !== "unreadable" || content.body === undefined) {
          await transaction.get(retryTable, key);
          transaction.delete(retryTable, key);
          return;
        }
        await askAgain(transaction, this.#self, { ...message, body: content.body }, "NO_SESSION");
      });
    }
  }

  /**
   * Opens a repaired capsule and heals the message it belongs to. Returns what it tells on the side. Throws `CryptoError`; then nothing was
   * taken. Where the session is what is wrong, everything that waits for this device is asked for again in a new one.
   */
  async take(sender: Recipient, envelope: Uint8Array): Promise<Gossip> {
    try {
      return await this.#open(sender, envelope);
    } catch (error) {
      const reason = isCryptoError(error) ? reasonOf(error.code) : undefined;
      if (reason !== undefined && needsHandshake.has(reason)) {
        await this.#askAfresh(recipientKey(sender), envelope, reason);
      }
      throw error;
    }
  }

  /** At most once an hour for each device, so that a server that repeats old envelopes gains nothing. */
  async #askAfresh(address: string, envelope: Uint8Array, reason: RetryReason): Promise<void> {
    const asked = await this.#records.list(retryTable, under("asked"));
    await this.#records.transact(async (transaction) => {
      const key = `asked-afresh/${address}`;
      if (!isHourOver(await transaction.get(repairTable, key), this.#self.nowMs())) return;
      transaction.put(repairTable, key, { atMs: this.#self.nowMs() });
      for (const { key: at } of asked) {
        const message = await transaction.get(messageTable, at.slice(at.indexOf("/") + 1));
        if (message?.content.type !== "unreadable" || message.content.body === undefined) continue;
        if (deviceAddressKey(message.sender.account, message.sender.device) !== address) continue;
        const again = { ...message, body: message.content.body, capsule: encodeBase64url(envelope) };
        await askAgain(transaction, this.#self, again, reason);
      }
    });
  }

  #open(sender: Recipient, envelope: Uint8Array): Promise<Gossip> {
    return this.#records.transact(async (transaction) => {
      const { payload, gossip } = await openCapsule(transaction, this.#self, sender.device, envelope);
      const from = { account: sender.directory.account, device: sender.device.deviceId };
      if (payload.kind === "senderKey") {
        const groupId = encodeBase64url(payload.senderKey.groupId) as ConversationId;
        await takeSenderKey({ transaction, self: this.#self }, from, groupId, payload.senderKey);
      } else if (payload.kind === "bodyKey") await this.#heal(transaction, from, payload);
      return gossip;
    });
  }

  async #heal(transaction: Transaction, from: DeviceAddress, payload: BodyKeyPayload): Promise<void> {
    const conversationId = encodeBase64url(payload.conversationId) as ConversationId;
    const clientMessageId = encodeBase64url(payload.clientMsgId) as ClientMessageId;
    const found = await transaction.get(messageIdTable, messageIdKey(conversationId, from, clientMessageId));
    if (found === undefined) return;
    const key = messageKey(conversationId, found.seq);
    const message = await transaction.get(messageTable, key);
    if (message?.content.type !== "unreadable" || message.content.body === undefined) return;
    const isGroup = (await transaction.get(conversationTable, conversationId))?.group !== undefined;
    const sealed = { ...message, body: message.content.body };
    const healed = await openWithKey({ transaction, self: this.#self }, sealed, payload, isGroup);
    transaction.put(messageTable, key, { ...message, ...healed });
    await transaction.get(backupLateTable, key);
    transaction.put(backupLateTable, key, {});
  }

  /** The own message asked for, when the asking device was among its recipients and its key is still kept. */
  async #sentTo(asker: Recipient, request: RetryRequest): Promise<StoredMessage | undefined> {
    const { recipients } = asker.directory;
    if (!recipients.some(({ deviceId }) => deviceId === asker.device.deviceId)) return undefined;
    const conversationId = encodeBase64url(request.conversationId) as ConversationId;
    const clientMessageId = encodeBase64url(request.clientMsgId) as ClientMessageId;
    const self = { account: this.#self.account, device: this.#self.deviceId };
    const found = await this.#records.read(
      messageIdTable,
      messageIdKey(conversationId, self, clientMessageId),
    );
    if (found === undefined) return undefined;
    const message = await this.#records.read(messageTable, messageKey(conversationId, found.seq));
    if (message?.sent === undefined) return undefined;
    const isRecent = this.#self.nowMs() - message.serverTimeMs <= sentKeysMs;
    return isRecent && (await this.#wasSent(message, message.sent, asker)) ? message : undefined;
  }

  async #wasSent(message: StoredMessage, sent: SentKey, { device, directory }: Recipient): Promise<boolean> {
    const { groupEpoch } = sent;
    if (groupEpoch === undefined) {
      const isAsker = (to: DeviceAddress) =>
        to.account === directory.account && to.device === device.deviceId;
      return sent.devices.some(isAsker);
    }
    // Only devices in the state of that epoch: of members then, and not younger than the message.
    const group = await this.#records.read(groupTable, message.conversationId);
    if (group === undefined || device.cert.createdAtMs > message.serverTimeMs) return false;
    return wasMember(group.history, device.accountId, groupEpoch);
  }

  /** A device lost the sender key, or never got it: it is given the key again with the next message. */
  #forget(transaction: Transaction, message: StoredMessage, device: DeviceAddress): Promise<void> {
    return takeBack(transaction, message.conversationId, [device], false);
  }

  /**
   * A member could not open a message under the sender key that it holds: this device has gone back to an earlier state of the chain, or leapt
   * ahead. A new key ends that; once an hour, so that no member can make it a burden.
   */
  async #renewSenderKey(transaction: Transaction, { conversationId, sent }: StoredMessage): Promise<void> {
    const key = `renewed/${conversationId}`;
    if (sent?.groupEpoch === undefined) return;
    if (!isHourOver(await transaction.get(repairTable, key), this.#self.nowMs())) return;
    transaction.put(repairTable, key, { atMs: this.#self.nowMs() });
    await takeBack(transaction, conversationId, [], true);
  }
}

/** The session vanished between two steps: a bundle is needed after all. */
class NoSessionYet extends Error {
  override readonly name = "NoSessionYet";
}

/** Whether this request may be answered; stages the count. */
async function countAnswer(
  transaction: Transaction,
  asker: Recipient,
  request: RetryRequest,
  nowMs: number,
): Promise<boolean> {
  const address = deviceAddressKey(asker.directory.account, asker.device.deviceId);
  const key = `answered/${address}/${encodeBase64url(request.conversationId)}/${encodeBase64url(request.clientMsgId)}`;
  const after = tryCountRetry(
    await transaction.get(retryTable, key),
    encodeBase64url(request.envelopeHash),
    nowMs,
  );
  if (after === undefined) return false;
  transaction.put(retryTable, key, after);
  return true;
}

function payloadOf(message: StoredMessage, sent: SentKey) {
  return {
    kind: "bodyKey" as const,
    conversationId: decodeBase64url(message.conversationId),
    clientMsgId: decodeBase64url(message.clientMessageId),
    bodyKey: decodeBase64url(sent.key),
    bodyHash: decodeBase64url(sent.hash),
    sentAtMs: sent.sentAtMs,
    expireAfterSeconds: 0,
  };
}
