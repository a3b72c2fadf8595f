/**
 * Hands keys of earlier messages to those whom this device added to a group, and takes such keys (CRYPTO 2.7, decision 140). What is handed
 * over, and what is taken, is what the signed operation says that added them; nothing that anybody asks for makes it more.
 */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { findGroupMember } from "#schema/envelope/group-state.ts";
import {
  encodeSyncEnvelope,
  historyEnvelopeType,
  parseSyncEnvelope,
  type SyncEnvelope,
} from "#schema/envelope/sync-envelope.ts";
import type { ConversationId } from "#schema/ids.ts";
import { addKeys } from "../../backup/key-archive.ts";
import type { ClientEvent } from "../../client-api.ts";
import type { VerifiedBundle } from "../../crypto/bundle.ts";
import type { Gossip } from "../../crypto/capsule.ts";
import type { KeyEntry } from "../../crypto/backup/key-entries.ts";
import { CryptoError, isCryptoError, parsing } from "../../crypto/errors.ts";
import { historyKeysMax, openHistoryKeys, sealHistoryKeys } from "../../crypto/history-keys.ts";
import type { Environment } from "../../environment.ts";
import { type HistoryShareRecord, historyShareTable, groupTable } from "../../store/group-tables.ts";
import type { Records, Transaction } from "../../store/records.ts";
import { deviceOutboxTable } from "../../store/tables.ts";
import { claimVerifiedBundles } from "../bundle-claims.ts";
import { hasSession, openCapsule, type Recipient, recipientKey, trySealCapsule } from "../capsules.ts";
import type { HistoryKeys } from "../history.ts";
import { Pump } from "../lane.ts";
import type { SyncLinks } from "../own-sync.ts";
import { createMessageId, type Self } from "../self.ts";
import { givenHistory } from "./given-history.ts";
import type { GroupChains } from "./group-chain.ts";
import { askForPromised, promiseAgain } from "./promised-again.ts";
import { shareableKeys } from "./shareable-keys.ts";

const retryAfterFaultMs = 30_000;

export interface SharingLinks extends SyncLinks {
  readonly chains: GroupChains;
  readonly keys: HistoryKeys;
  readonly emit: (event: ClientEvent) => void;
}

/** The operation that would say so is not known here: it is fetched, then the keys are looked at again. */
class NotGivenYet extends Error {
  override readonly name = "NotGivenYet";
  readonly conversationId: ConversationId;

  constructor(conversationId: ConversationId) {
    super("the operation is not known");
    this.conversationId = conversationId;
  }
}

export class HistorySharing {
  readonly #environment: Environment;
  readonly #records: Records;
  readonly #self: Self;
  readonly #links: SharingLinks;
  readonly #pump = new Pump(() => this.#work());
  /** Devices that need a new session. */
  readonly #fresh = new Set<string>();
  #isOnline = false;
  #cancelTimer: (() => void) | undefined;

  constructor(environment: Environment, records: Records, self: Self, links: SharingLinks) {
    this.#environment = environment;
    this.#records = records;
    this.#self = self;
    this.#links = links;
  }

  /** The server can be reached, or there is something to hand over. */
  wake(): void {
    this.#isOnline = true;
    void this.#pump.request();
  }

  stop(): void {
    this.#isOnline = false;
    this.#cancelTimer?.();
  }

  /**
   * Takes keys from a device of the member that added this account, of the positions that it was given; others are passed over. Returns what the
   * capsule tells on the side. Throws `CryptoError`, and `SottoError` when the operations have to be fetched and cannot be.
   */
  async take(sender: Recipient, bytes: Uint8Array): Promise<Gossip> {
    const envelope = parsing(() => parseSyncEnvelope(bytes, historyEnvelopeType));
    try {
      return await this.#open(sender, envelope, false);
    } catch (error) {
      if (isCryptoError(error) && error.code !== "DUPLICATE") {
        await askForPromised(this.#records, this.#self, sender, bytes, error.code);
      }
      if (!(error instanceof NotGivenYet)) throw error;
      await this.#links.chains.sync(error.conversationId);
      return this.#open(sender, envelope, true);
    }
  }

  /** Keys did not open there: that device gets all that its account was promised here, in a new session, at most once an hour. */
  async answer(asker: Recipient): Promise<void> {
    if (!(await promiseAgain(this.#records, this.#self, asker))) return;
    this.#fresh.add(recipientKey(asker));
    this.wake();
  }

  async #open(sender: Recipient, envelope: SyncEnvelope, isFinal: boolean): Promise<Gossip> {
    const { gossip, came } = await this.#records.transact(async (transaction) => {
      const { payload, gossip: told } = await openCapsule(
        transaction,
        this.#self,
        sender.device,
        envelope.capsule,
      );
      if (payload.kind !== "history")
        throw new CryptoError("MALFORMED", "history: a capsule of another kind");
      const { provider } = this.#self;
      const { conversationId, entries } = openHistoryKeys(provider, sender.device, payload.history, envelope);
      const id = encodeBase64url(conversationId) as ConversationId;
      const group = await transaction.get(groupTable, id);
      const source = { read: transaction.get.bind(transaction) };
      const { accountId } = this.#self.own.cert;
      const given = group && (await givenHistory(source, accountId, id, group.history));
      const isIn = ({ seq }: KeyEntry): boolean =>
        given !== undefined && seq >= given.from && seq < given.below;
      const isGiven = given?.by === sender.directory.account && entries.every(isIn);
      if (!isGiven && !isFinal) throw new NotGivenYet(id);
      if (!isGiven) return { gossip: told, came: undefined };
      await addKeys(transaction, [{ conversationId, entries }], "imported");
      return { gossip: told, came: id };
    });
    if (came !== undefined) this.#links.emit({ type: "messages", conversationId: came });
    return gossip;
  }

  async #work(): Promise<void> {
    if (!this.#isOnline) return;
    this.#cancelTimer?.();
    try {
      for (const { key } of await this.#records.list(historyShareTable)) await this.#share(key);
    } catch {
      // offline, or a device has no prekeys
      this.#cancelTimer = this.#environment.setTimer(retryAfterFaultMs, () => void this.#pump.request());
    }
  }

  async #share(key: string): Promise<void> {
    const conversationId = key.slice(0, key.indexOf("/")) as ConversationId;
    while (this.#isOnline) {
      const share = await this.#records.read(historyShareTable, key);
      if (share === undefined) return;
      const to = await this.#recipients(conversationId, share);
      if (to === "held") throw new Error("a person has to confirm a key first");
      const { entries, below } = await this.#next(conversationId, share);
      await this.#send(conversationId, entries, to, async (transaction) => {
        const current = await transaction.get(historyShareTable, key);
        if (current?.below !== share.below) throw new Error("another owner of the store was quicker");
        if (below > share.from && to.length > 0) transaction.put(historyShareTable, key, { ...share, below });
        else transaction.delete(historyShareTable, key);
      });
    }
  }

  /** The newest keys that are left, as many as one message takes. */
  async #next(
    conversationId: ConversationId,
    { from, below }: HistoryShareRecord,
  ): Promise<{ readonly entries: readonly KeyEntry[]; readonly below: number }> {
    const sources = { records: this.#records, keys: this.#links.keys };
    for await (const chunk of shareableKeys(sources, conversationId, from, below)) {
      const entries = chunk.entries.slice(-historyKeysMax);
      const isWhole = entries.length === chunk.entries.length;
      if (entries.length > 0) return { entries, below: isWhole ? chunk.from : entries[0]!.seq };
    }
    return { entries: [], below: from };
  }

  /** The devices of those who are still in, by their verified lists. */
  async #recipients(
    conversationId: ConversationId,
    { accounts }: HistoryShareRecord,
  ): Promise<Recipient[] | "held"> {
    const { directory } = this.#links;
    const state = (await this.#records.read(groupTable, conversationId))?.history.head.state;
    const found: Recipient[] = [];
    for (const account of accounts) {
      if (state === undefined || findGroupMember(state, decodeBase64url(account)) === undefined) continue;
      const devices = await directory.load(account);
      if (directory.isHeld(account)) return "held";
      found.push(...devices.recipients.map((device) => ({ device, directory: devices })));
    }
    return found;
  }

  /** One commit: the sealed message in the queue to every device, the sessions, and what `done` stages. */
  async #send(
    conversationId: ConversationId,
    entries: readonly KeyEntry[],
    to: readonly Recipient[],
    done: (transaction: Transaction) => Promise<void>,
  ): Promise<void> {
    const { provider, own: device, account } = this.#self;
    const own = await this.#links.directory.load(account);
    const { bundles, reachable } = await this.#prepare(to);
    const keys = { conversationId: decodeBase64url(conversationId), entries };
    const { key, hash, nonce, ciphertext } = sealHistoryKeys(provider, device.cert, keys);
    const payload = { kind: "history", history: { key, hash } } as const;
    await this.#records.transact(async (transaction) => {
      await done(transaction);
      if (entries.length === 0) return;
      for (const recipient of reachable) {
        const fresh = this.#fresh.has(recipientKey(recipient));
        const options = { bundles, fresh };
        const capsule = await trySealCapsule(transaction, this.#self, recipient, own, payload, options);
        if (capsule === undefined) throw new Error(`no bundle for ${recipientKey(recipient)}`);
        const id = createMessageId(provider);
        const envelope = encodeSyncEnvelope({ capsule, nonce, ciphertext }, historyEnvelopeType);
        const address = { account: recipient.directory.account, device: recipient.device.deviceId };
        const data = encodeBase64url(envelope);
        transaction.insert(deviceOutboxTable, id, { id, ...address, data, group: conversationId });
      }
    });
    for (const recipient of to) this.#fresh.delete(recipientKey(recipient));
  }

  /** Bundles for devices without a session; one that the server has none for has signed out meanwhile, and is left out. */
  async #prepare(to: readonly Recipient[]) {
    const without = await this.#records.transact(async (transaction) => {
      const found: Recipient[] = [];
      for (const recipient of to) {
        const isFresh = this.#fresh.has(recipientKey(recipient));
        if (isFresh || !(await hasSession(transaction, this.#self, recipient))) found.push(recipient);
      }
      return found;
    });
    const bundles =
      without.length === 0
        ? new Map<string, VerifiedBundle>()
        : await claimVerifiedBundles(this.#self, this.#links.call, without);
    const reachable = to.filter((each) => !without.includes(each) || bundles.has(recipientKey(each)));
    return { bundles, reachable };
  }
}
