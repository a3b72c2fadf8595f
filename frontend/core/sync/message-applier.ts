/**
 * Decrypts a run of messages and writes everything that follows from them in one transaction: the sessions, the used
 * prekeys, the plaintexts, the cursor, the pending receipt, the requests for repair (CRYPTO 2.17 rule 3).
 */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { type RetryReason } from "#schema/envelope/retry-envelope.ts";
import { SottoError } from "#schema/errors.ts";
import type { AccountId, ClientMessageId, ConversationId } from "#schema/ids.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import { openBody } from "../crypto/body.ts";
import type { BodyKeyPayload, ListView } from "../crypto/capsule.ts";
import { type CryptoErrorCode, isCryptoError, parsing } from "../crypto/errors.ts";
import type { Records, Transaction } from "../store/records.ts";
import {
  conversationTable,
  messageIdKey,
  messageIdTable,
  messageKey,
  messageTable,
  type OpenedKey,
  type OutboxRecord,
  outboxTable,
  type StoredContent,
  under,
} from "../store/tables.ts";
import { contradictsGossip, openCapsule } from "./capsules.ts";
import { countsAsUnread, withSequenced } from "./conversations.ts";
import type { AccountDevices, Directory } from "./directory.ts";
import { sequenceOwn } from "./outbox.ts";
import { askAgain } from "./retry-asking.ts";
import { isSelf, type Self } from "./self.ts";
import type { Timeline } from "./timeline.ts";

/** A revoked device's messages are taken while the server dates them before the list that revoked it. */
const revocationSlackMs = 5 * 60_000;

type Directories = ReadonlyMap<AccountId, AccountDevices | undefined>;

/** What one message is, and the reason to ask for it again when it does not open. */
interface Outcome {
  readonly content: StoredContent;
  readonly ask?: RetryReason;
  readonly opened?: OpenedKey;
}

export class MessageApplier {
  readonly #records: Records;
  readonly #self: Self;
  readonly #directory: Directory;
  readonly #timeline: Timeline;

  constructor(records: Records, self: Self, directory: Directory, timeline: Timeline) {
    this.#records = records;
    this.#self = self;
    this.#directory = directory;
    this.#timeline = timeline;
  }

  /**
   * Applies messages that follow the cursor without a hole; those at or below it are passed over.
   * Throws `SottoError` when a sender's devices cannot be fetched, and `StoreError`; then nothing was written.
   */
  async apply(conversationId: ConversationId, messages: readonly MessageRecord[]): Promise<void> {
    const directories = await this.#directoriesFor(messages);
    const suspicious = await this.#records.transact(async (transaction) => {
      const outdated = new Map<AccountId, ListView>();
      for (const message of messages)
        await this.#applyOne(transaction, conversationId, message, directories, outdated);
      return outdated;
    });
    for (const [account, list] of suspicious) await this.#directory.vouched(account, list);
  }

  async #applyOne(
    transaction: Transaction,
    conversationId: ConversationId,
    message: MessageRecord,
    directories: Directories,
    outdated: Map<AccountId, ListView>,
  ): Promise<void> {
    const { seq, sender, clientMessageId, serverTimeMs } = message;
    const record = await transaction.get(conversationTable, conversationId);
    if (record === undefined || seq !== record.cursor + 1) return;
    const row = isSelf(this.#self, sender)
      ? await this.#findOwn(transaction, conversationId, clientMessageId)
      : undefined;
    if (row !== undefined) {
      await sequenceOwn(transaction, this.#self, row, seq, serverTimeMs);
      return;
    }
    const outcome = await this.#open(transaction, conversationId, message, directories, outdated);
    const { content, ask, opened } = outcome;
    const stored = {
      conversationId,
      seq,
      sender,
      clientMessageId,
      serverTimeMs,
      content,
      ...(opened && { opened }),
    };
    transaction.insert(messageTable, messageKey(conversationId, seq), stored);
    if (content.type !== "nothing") {
      transaction.insert(messageIdTable, messageIdKey(conversationId, sender, clientMessageId), { seq });
    }
    if (ask !== undefined) await askAgain(transaction, this.#self, message, ask);
    const unread =
      countsAsUnread(this.#self, stored) && seq > record.readSeq ? record.unread + 1 : record.unread;
    const after = { ...record, unread, deliveredPending: true };
    transaction.put(conversationTable, conversationId, withSequenced(after, seq, serverTimeMs));
  }

  /** The outbox row of an own message, also one that another owner of this store wrote. */
  async #findOwn(
    transaction: Transaction,
    conversationId: ConversationId,
    id: ClientMessageId,
  ): Promise<OutboxRecord | undefined> {
    const known = this.#timeline.outbox(conversationId).find((row) => row.clientMessageId === id);
    if (known !== undefined) return known;
    const stored = await transaction.list(outboxTable, under(conversationId));
    return stored.find(({ value }) => value.clientMessageId === id)?.value;
  }

  async #open(
    transaction: Transaction,
    conversationId: ConversationId,
    message: MessageRecord,
    directories: Directories,
    outdated: Map<AccountId, ListView>,
  ): Promise<Outcome> {
    const { sender, capsule, body, clientMessageId } = message;
    const idKey = messageIdKey(conversationId, sender, clientMessageId);
    if ((await transaction.get(messageIdTable, idKey)) !== undefined) return { content: { type: "nothing" } };
    if (isSelf(this.#self, sender)) return { content: { type: "unreadable", reason: "broken" } };
    if (capsule === undefined) {
      return message.serverTimeMs < this.#self.joinedAtMs
        ? { content: { type: "unreadable", reason: "before_this_device" } }
        : { content: { type: "unreadable", reason: "waiting", body }, ask: "MISSING_CAPSULE" };
    }
    const directory = directories.get(sender.account);
    const entry = directory?.known.get(sender.device);
    if (directory === undefined || entry === undefined) {
      return { content: { type: "unreadable", reason: "waiting", body }, ask: "UNDECRYPTABLE" };
    }
    if (!entry.active && message.serverTimeMs > directory.issuedAtMs + revocationSlackMs) {
      return { content: { type: "unreadable", reason: "broken" } };
    }
    try {
      const opened = await openCapsule(
        transaction,
        this.#self,
        entry.device,
        parsing(() => decodeBase64url(capsule)),
      );
      if (contradictsGossip(directory, opened.gossip.mine)) {
        outdated.set(sender.account, opened.gossip.mine);
      }
      if (opened.payload.kind !== "bodyKey") return { content: { type: "nothing" } };
      const content = openContent(this.#self, message, opened.payload);
      return { content, ...openedKey(content, opened.payload) };
    } catch (error) {
      return outcomeOfFault(error, body);
    }
  }

  async #directoriesFor(messages: readonly MessageRecord[]): Promise<Directories> {
    const directories = new Map<AccountId, AccountDevices | undefined>();
    for (const { sender } of messages) {
      if (isSelf(this.#self, sender)) continue;
      const known = directories.get(sender.account) ?? (await this.#directory.tryLoad(sender.account));
      const isKnown = known?.known.has(sender.device) === true;
      if (isKnown || directories.has(sender.account)) directories.set(sender.account, known);
      else directories.set(sender.account, await this.#refreshed(sender.account, known));
    }
    return directories;
  }

  /** The newest directory, or the pinned one when the server's contradicts it. */
  async #refreshed(
    account: AccountId,
    known: AccountDevices | undefined,
  ): Promise<AccountDevices | undefined> {
    try {
      return await this.#directory.refresh(account);
    } catch (error) {
      if (isCryptoError(error)) return known;
      if (error instanceof SottoError && error.remedy === "give_up") return known;
      throw error;
    }
  }
}

/** Opens the body of a message with the key from its capsule. `broken` when they do not belong together. */
export function openContent(
  self: Self,
  message: Pick<MessageRecord, "conversationId" | "clientMessageId" | "sender" | "body">,
  payload: BodyKeyPayload,
): StoredContent {
  const { conversationId, clientMessageId, sender, body } = message;
  const isForMessage =
    encodeBase64url(payload.conversationId) === conversationId &&
    encodeBase64url(payload.clientMsgId) === clientMessageId;
  if (!isForMessage) return { type: "unreadable", reason: "broken" };
  const from = { accountId: decodeBase64url(sender.account), deviceId: sender.device };
  try {
    const { payload: content } = openBody(
      self.provider,
      parsing(() => decodeBase64url(body)),
      payload,
      from,
    );
    return content.type === "text" ? { type: "text", text: content.text } : { type: "nothing" };
  } catch (error) {
    if (isCryptoError(error)) return { type: "unreadable", reason: "broken" };
    throw error;
  }
}

/** What a report needs of a body that was opened; nothing of one that is to vanish (CRYPTO 2.5). */
export function openedKey(content: StoredContent, payload: BodyKeyPayload): { readonly opened?: OpenedKey } {
  if (content.type === "unreadable" || payload.expireAfterSeconds > 0) return {};
  const { bodyKey, bodyHash, sentAtMs } = payload;
  return { opened: { key: encodeBase64url(bodyKey), hash: encodeBase64url(bodyHash), sentAtMs } };
}

const reasons: Partial<Record<CryptoErrorCode, RetryReason>> = {
  NO_SESSION: "NO_SESSION",
  FORKED: "FORKED",
  KEM_UNKNOWN: "KEM_UNKNOWN",
  PREKEY_UNKNOWN: "PREKEY_UNKNOWN",
  // Not a repetition, for the message is new here: its sender went back to an earlier state, and needs a new session.
  DUPLICATE: "FORKED",
};

function outcomeOfFault(error: unknown, body: string): Outcome {
  if (isCryptoError(error)) {
    if (error.code === "PREKEY_REUSED") return { content: { type: "nothing" } };
    const ask = reasons[error.code] ?? "UNDECRYPTABLE";
    return { content: { type: "unreadable", reason: "waiting", body }, ask };
  }
  throw error;
}
