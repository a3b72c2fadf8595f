/**
 * Decrypts a run of messages and writes everything that follows from them in one transaction: the sessions, the used
 * prekeys, the plaintexts, the cursor, the pending receipt, the requests for repair (CRYPTO 2.17 rule 3).
 */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import type { AccountId, ClientMessageId, ConversationId } from "#schema/ids.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import { isCryptoError, parsing } from "../crypto/errors.ts";
import type { Records, Transaction } from "../store/records.ts";
import {
  type ConversationRecord,
  conversationTable,
  messageIdKey,
  messageIdTable,
  messageKey,
  messageTable,
  type OutboxRecord,
  outboxTable,
  under,
} from "../store/tables.ts";
import { openCapsule } from "./capsules.ts";
import { countsAsUnread, withSequenced } from "./conversations.ts";
import type { AccountDevices, Directory } from "./directory.ts";
import { claimsOf, type ListClaim, type ListClaims } from "./list-claims.ts";
import type { GroupChains } from "./groups/group-chain.ts";
import { ChainBehindError, type GroupPlace, openGroupEntry } from "./groups/group-opener.ts";
import {
  type Directories,
  openContent,
  openedKey,
  type Outcome,
  outcomeOfFault,
  wasActive,
} from "./outcome.ts";
import { askAgain } from "./retry-asking.ts";
import { sequenceOwn } from "./sequence-own.ts";
import { isSelf, type Self } from "./self.ts";
import { writeKeyEntry } from "./text-sealer.ts";
import type { Timeline } from "./timeline.ts";
import { startAfresh } from "./went-back.ts";

export class MessageApplier {
  readonly #records: Records;
  readonly #self: Self;
  readonly #directory: Directory;
  readonly #timeline: Timeline;
  readonly #chains: GroupChains;
  readonly #listClaims: ListClaims;

  constructor(
    records: Records,
    self: Self,
    directory: Directory,
    timeline: Timeline,
    chains: GroupChains,
    listClaims: ListClaims,
  ) {
    this.#listClaims = listClaims;
    this.#records = records;
    this.#self = self;
    this.#directory = directory;
    this.#chains = chains;
    this.#timeline = timeline;
  }

  /**
   * Applies messages that follow the cursor without a hole; those at or below it are passed over.
   * Throws `SottoError` when a sender's devices cannot be fetched, and `StoreError`; then nothing was written.
   */
  async apply(conversationId: ConversationId, messages: readonly MessageRecord[]): Promise<void> {
    const directories = await this.#directoriesFor(messages);
    const run = (isFinal: boolean): Promise<ListClaim[]> =>
      this.#records.transact(async (transaction) => {
        const claims: ListClaim[] = [];
        const place = { transaction, self: this.#self, directories, claims, isFinal };
        for (const message of messages) await this.#applyOne(place, conversationId, message);
        return claims;
      });
    const claims = await run(false).catch(async (error: unknown) => {
      if (!(error instanceof ChainBehindError)) throw error;
      await this.#chains.sync(conversationId);
      return run(true);
    });
    await this.#listClaims.settle(claims);
  }

  async #applyOne(place: GroupPlace, conversationId: ConversationId, message: MessageRecord): Promise<void> {
    const { transaction } = place;
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
    const { content, ask, opened, handsOut } = await this.#open(place, record, message);
    if (isSelf(this.#self, sender) && content.type === "unreadable") {
      await startAfresh(transaction, this.#self, message);
    }
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
    // With the operation's place in the log, so that a process that dies after posting it owes nobody anything.
    if (handsOut === true) await writeKeyEntry(transaction, this.#self, conversationId);
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
    place: GroupPlace,
    { conversationId, group }: ConversationRecord,
    message: MessageRecord,
  ): Promise<Outcome> {
    const { transaction, directories, claims } = place;
    const { sender, capsule, body, clientMessageId } = message;
    const idKey = messageIdKey(conversationId, sender, clientMessageId);
    if ((await transaction.get(messageIdTable, idKey)) !== undefined) return { content: { type: "nothing" } };
    if (group !== undefined) return openGroupEntry(place, message);
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
    if (!wasActive(directory, entry, message.serverTimeMs)) {
      return { content: { type: "unreadable", reason: "broken" } };
    }
    try {
      const opened = await openCapsule(
        transaction,
        this.#self,
        entry.device,
        parsing(() => decodeBase64url(capsule)),
      );
      claims.push(...claimsOf(opened.gossip, directory, directories.get(this.#self.account)));
      if (opened.payload.kind !== "bodyKey") return { content: { type: "nothing" } };
      const content = openContent(this.#self, message, opened.payload);
      return { content, ...openedKey(content, opened.payload) };
    } catch (error) {
      return outcomeOfFault(error, body);
    }
  }

  async #directoriesFor(messages: readonly MessageRecord[]): Promise<Directories> {
    const { account } = this.#self;
    const directories = new Map<AccountId, AccountDevices | undefined>();
    const refreshed = new Set<AccountId>();
    for (const { sender } of messages) {
      if (isSelf(this.#self, sender)) continue;
      const known = directories.get(sender.account) ?? (await this.#directory.tryLoad(sender.account));
      directories.set(sender.account, known);
      if (known?.known.has(sender.device) === true || refreshed.has(sender.account)) continue;
      directories.set(sender.account, await this.#refreshed(sender.account, known));
      refreshed.add(sender.account);
    }
    if (!directories.has(account)) directories.set(account, await this.#directory.tryLoad(account));
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
