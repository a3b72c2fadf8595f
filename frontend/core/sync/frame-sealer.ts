/** Makes the finished frames of outbox messages: capsules for exactly the verified device set (CRYPTO 2.5). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import type { ConversationId } from "#schema/ids.ts";
import type { DeviceSetDifference, MessageSend } from "#schema/protocol/message.ts";
import type { SessionCall } from "../api/session-api.ts";
import type { VerifiedBundle } from "../crypto/bundle.ts";
import type { Records, Transaction } from "../store/records.ts";
import {
  conversationTable,
  type DirectRecord,
  outboxKey,
  type OutboxRecord,
  outboxTable,
} from "../store/tables.ts";
import { claimVerifiedBundles } from "./bundle-claims.ts";
import { hasSession, type Recipient, recipientKey, trySealCapsule } from "./capsules.ts";
import type { AccountDevices, Directory } from "./directory.ts";
import type { GroupSealer } from "./groups/group-sealer.ts";
import { IdentityChangedError } from "./identity-changed.ts";
import type { Self } from "./self.ts";

interface DeviceSet {
  readonly own: AccountDevices;
  readonly peer: AccountDevices;
  readonly recipients: readonly Recipient[];
}

export class FrameSealer {
  readonly #records: Records;
  readonly #self: Self;
  readonly #directory: Directory;
  readonly #groups: GroupSealer;
  readonly #call: SessionCall;
  readonly #stale = new Set<ConversationId>();

  constructor(records: Records, self: Self, directory: Directory, groups: GroupSealer, call: SessionCall) {
    this.#groups = groups;
    this.#records = records;
    this.#self = self;
    this.#directory = directory;
    this.#call = call;
  }

  /**
   * The server knows another device set, group or sender key: the refused rows lose their frames, and the next `seal` fetches and
   * verifies what is newer first. Throws `StoreError`.
   */
  async discardFrames(
    conversationId: ConversationId,
    rows: readonly OutboxRecord[],
    refusal: { readonly difference: DeviceSetDifference | undefined; readonly mustRotate: boolean },
  ): Promise<void> {
    const conversation = await this.#records.read(conversationTable, conversationId);
    if (conversation?.group !== undefined) {
      this.#groups.markStale(conversationId, refusal.difference);
      await this.#groups.discardFrames(conversationId, rows, refusal);
      return;
    }
    this.#stale.add(conversationId);
    await this.#records.transact(async (transaction) => {
      for (const { position } of rows) {
        const key = outboxKey(conversationId, position);
        const row = await transaction.get(outboxTable, key);
        if (row === undefined) continue;
        const { frame: _frame, devices: _devices, ...rest } = row;
        transaction.put(outboxTable, key, rest);
      }
    });
  }

  /** All that a sealed row sends, in the order in which it goes. */
  async sendsOf(row: OutboxRecord): Promise<readonly MessageSend[]> {
    const frames = row.frame === undefined ? [] : [row.frame];
    const all =
      row.groupEpoch === undefined ? frames : [...(await this.#groups.keyEntriesOf(row)), ...frames];
    return all.map((frame) => JSON.parse(frame) as MessageSend); // written by a sealer alone
  }

  /**
   * Gives every row its frame; rows that have one keep it. One transaction holds all frames and all sessions they
   * advanced. Returns the rows as committed, without those discarded meanwhile.
   * Throws `SottoError`, `CryptoError`, `StoreError`, `IdentityChangedError`; then nothing was written.
   */
  async seal(
    conversationId: ConversationId,
    rows: readonly OutboxRecord[],
  ): Promise<readonly OutboxRecord[]> {
    const conversation = await this.#records.read(conversationTable, conversationId);
    if (conversation === undefined) throw new SottoError("not_found", "There is no such conversation.");
    if (conversation.group !== undefined) return this.#groups.seal(conversationId, rows);
    const set = await this.#deviceSet(conversation);
    const bundles = new Map<string, VerifiedBundle>();
    for (;;) {
      const missing = await this.#records.transact((transaction) => this.#missing(transaction, set, bundles));
      if (missing.length > 0) {
        const claimed = await claimVerifiedBundles(this.#self, this.#call, missing);
        if (missing.some((recipient) => !claimed.has(recipientKey(recipient)))) {
          this.#stale.add(conversationId);
          throw new SottoError("unavailable", "A device has no prekeys.");
        }
        for (const [key, bundle] of claimed) bundles.set(key, bundle);
      }
      const sealed = await this.#records.transact((transaction) =>
        this.#sealRows(transaction, set, bundles, rows),
      );
      if (sealed !== undefined) return sealed;
    }
  }

  async #deviceSet({ conversationId, peer: { account } }: DirectRecord): Promise<DeviceSet> {
    const accounts = [this.#self.account, account];
    if (this.#stale.has(conversationId)) {
      await Promise.all(accounts.map((account) => this.#directory.refresh(account)));
      this.#stale.delete(conversationId);
    }
    const own = await this.#directory.load(this.#self.account);
    const peer = await this.#directory.load(account);
    if (this.#directory.isHeld(account)) throw new IdentityChangedError();
    const recipients = [own, peer].flatMap((directory) =>
      directory.recipients
        .filter((device) => directory !== own || device.deviceId !== this.#self.deviceId)
        .map((device) => ({ device, directory })),
    );
    return { own, peer, recipients };
  }

  async #missing(
    transaction: Transaction,
    set: DeviceSet,
    bundles: ReadonlyMap<string, VerifiedBundle>,
  ): Promise<Recipient[]> {
    const missing: Recipient[] = [];
    for (const recipient of set.recipients) {
      if (bundles.has(recipientKey(recipient))) continue;
      if (!(await hasSession(transaction, this.#self, recipient))) missing.push(recipient);
    }
    return missing;
  }

  async #sealRows(
    transaction: Transaction,
    set: DeviceSet,
    bundles: ReadonlyMap<string, VerifiedBundle>,
    rows: readonly OutboxRecord[],
  ): Promise<OutboxRecord[] | undefined> {
    const sealed: OutboxRecord[] = [];
    for (const { conversationId, position } of rows) {
      const key = outboxKey(conversationId, position);
      const row = await transaction.get(outboxTable, key);
      if (row === undefined) continue;
      const withFrame = row.frame === undefined ? await this.#sealRow(transaction, set, bundles, row) : row;
      if (withFrame === undefined) return undefined;
      if (withFrame !== row) transaction.put(outboxTable, key, withFrame);
      sealed.push(withFrame);
    }
    return sealed;
  }

  async #sealRow(
    transaction: Transaction,
    { own, peer, recipients }: DeviceSet,
    bundles: ReadonlyMap<string, VerifiedBundle>,
    row: OutboxRecord,
  ): Promise<OutboxRecord | undefined> {
    const capsules: MessageSend["capsules"] = [];
    for (const recipient of recipients) {
      const envelope = await trySealCapsule(transaction, this.#self, recipient, own, payloadOf(row), {
        bundles,
      });
      if (envelope === undefined) return undefined;
      const address = { account: recipient.directory.account, device: recipient.device.deviceId };
      capsules.push({ ...address, data: encodeBase64url(envelope) });
    }
    const frame: MessageSend = {
      type: "message:send",
      conversationId: row.conversationId,
      clientMessageId: row.clientMessageId,
      body: row.body,
      capsules,
      lists: [own, peer].map(({ account, pin }) => ({ account, version: pin.version })),
    };
    const devices = capsules.map(({ account, device }) => ({ account, device }));
    return { ...row, frame: JSON.stringify(frame), devices };
  }
}

function payloadOf(row: OutboxRecord) {
  return {
    kind: "bodyKey" as const,
    conversationId: decodeBase64url(row.conversationId),
    clientMsgId: decodeBase64url(row.clientMessageId),
    bodyKey: decodeBase64url(row.bodyKey),
    bodyHash: decodeBase64url(row.bodyHash),
    sentAtMs: row.sentAtMs,
    expireAfterSeconds: 0,
  };
}
