/**
 * Frames of a group's outbox (CRYPTO 2.7): each body sealed once under the own sender key, with capsules for exactly the devices that
 * were not given that key yet. One transaction holds the sender key's chain, the ratchets and the finished frames (SPEC CL10).
 */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { encodeGroupKeyEntry } from "#schema/envelope/group-body.ts";
import { SottoError } from "#schema/errors.ts";
import { type AccountId, type ConversationId, type DeviceAddress } from "#schema/ids.ts";
import type { DeviceSetDifference, MessageSend } from "#schema/protocol/message.ts";
import type { SessionCall } from "../../api/session-api.ts";
import type { VerifiedBundle } from "../../crypto/bundle.ts";
import { sealGroupBody } from "../../crypto/group/group-body.ts";
import type { GroupHistory } from "../../crypto/group/group-history.ts";
import { type OwnSenderKey, senderKeyMessageOf } from "../../crypto/group/sender-key.ts";
import { groupTable, keyEntryKey, keyEntryTable, ownSenderKeyTable } from "../../store/group-tables.ts";
import type { Records, Transaction } from "../../store/records.ts";
import { outboxKey, type OutboxRecord, outboxTable } from "../../store/tables.ts";
import { claimVerifiedBundles } from "../bundle-claims.ts";
import { hasSession, type Recipient, recipientKey, trySealCapsule } from "../capsules.ts";
import type { Directory } from "../directory.ts";
import { createMessageId, type Self } from "../self.ts";
import { payloadOf } from "../text-sealer.ts";
import { dueKey, settingsKeyToGive } from "./group-changes.ts";
import type { GroupChains } from "./group-chain.ts";
import { type GroupDevices, GroupRoster } from "./group-roster.ts";
import { currentKey, listKeyEntries, settleDue, takeBack, withHolders } from "./own-key.ts";

/** Devices that get the sender key in one entry. */
const capsulesPerEntry = 64;

interface Plan {
  readonly set: GroupDevices;
  readonly bundles: Map<string, VerifiedBundle>;
}

type Step = { readonly type: "again" } | { readonly type: "done"; readonly rows: OutboxRecord[] };

export class GroupSealer {
  readonly #records: Records;
  readonly #self: Self;
  readonly #call: SessionCall;
  readonly #roster: GroupRoster;

  constructor(records: Records, self: Self, directory: Directory, chains: GroupChains, call: SessionCall) {
    this.#records = records;
    this.#self = self;
    this.#call = call;
    this.#roster = new GroupRoster(records, self, directory, chains);
  }

  /** The server refused a frame: the next `seal` fetches operations and the named device lists first. */
  markStale(conversationId: ConversationId, difference: DeviceSetDifference | undefined): void {
    this.#roster.markStale(conversationId, difference);
  }

  /**
   * Gives every row its frame; rows that have one keep it. Returns the rows as committed, without those discarded meanwhile and without
   * key entries that nobody needs any more. Throws as `FrameSealer.seal`.
   */
  async seal(
    conversationId: ConversationId,
    rows: readonly OutboxRecord[],
  ): Promise<readonly OutboxRecord[]> {
    const bundles = new Map<string, VerifiedBundle>();
    for (;;) {
      const set = await this.#roster.load(conversationId);
      const needed = await this.#records.transact((transaction) =>
        this.#withoutSession(transaction, { set, bundles }),
      );
      if (needed.length > 0) await this.#claim(conversationId, needed, bundles);
      const step = await this.#records.transact((transaction) =>
        this.#step(transaction, { set, bundles }, rows),
      );
      if (step.type === "done") return step.rows;
    }
  }

  /** Frames that go before the row's own. */
  async keyEntriesOf({ conversationId, position }: OutboxRecord): Promise<readonly string[]> {
    return (await listKeyEntries(this.#records, conversationId, position)).map(({ value }) => value.frame);
  }

  /** Refused rows lose their frames, and who would have got the sender key with them did not get it. */
  async discardFrames(
    conversationId: ConversationId,
    rows: readonly OutboxRecord[],
    refusal: { readonly difference: DeviceSetDifference | undefined; readonly mustRotate: boolean },
  ): Promise<void> {
    await this.#records.transact(async (transaction) => {
      const notGiven: DeviceAddress[] = [...(refusal.difference?.missing ?? [])];
      for (const { position } of rows) {
        const key = outboxKey(conversationId, position);
        const row = await transaction.get(outboxTable, key);
        if (row?.frame === undefined) continue;
        const { frame: _frame, devices = [], groupEpoch: _epoch, settingsKey: _key, ...rest } = row;
        notGiven.push(...devices);
        for (const entry of await listKeyEntries(transaction, conversationId, position)) {
          notGiven.push(...entry.value.devices);
          await transaction.get(keyEntryTable, entry.key);
          transaction.delete(keyEntryTable, entry.key);
        }
        transaction.put(outboxTable, key, { ...rest, body: "", bodyKey: "", bodyHash: "" });
      }
      await takeBack(transaction, conversationId, notGiven, refusal.mustRotate);
    });
  }

  async #claim(
    conversationId: ConversationId,
    needed: readonly Recipient[],
    bundles: Map<string, VerifiedBundle>,
  ): Promise<void> {
    const claimed = await claimVerifiedBundles(this.#self, this.#call, needed);
    for (const [key, bundle] of claimed) bundles.set(key, bundle);
    if (needed.every((recipient) => claimed.has(recipientKey(recipient)))) return;
    const missing = needed.map(({ directory, device }) => {
      return { account: directory.account, device: device.deviceId };
    });
    this.markStale(conversationId, { missing, extra: [], stale: [] });
    throw new SottoError("unavailable", "A device has no prekeys.");
  }

  /** Makes sure that there is a sender key for now, and finds who of the next ones to get it needs a bundle. */
  async #withoutSession(transaction: Transaction, { set, bundles }: Plan): Promise<Recipient[]> {
    const { lacking } = await currentKey(transaction, this.#self, set);
    const found: Recipient[] = [];
    for (const recipient of lacking.slice(0, capsulesPerEntry)) {
      if (bundles.has(recipientKey(recipient))) continue;
      if (!(await hasSession(transaction, this.#self, recipient))) found.push(recipient);
    }
    return found;
  }

  /** One entry for up to 64 devices, or the rows themselves once no more than that lack the key. */
  async #step(transaction: Transaction, plan: Plan, rows: readonly OutboxRecord[]): Promise<Step> {
    const { conversationId, history } = plan.set;
    const group = await transaction.get(groupTable, conversationId);
    if (group?.history.head.state.epoch !== history.head.state.epoch) return { type: "again" };
    const { key, lacking } = await currentKey(transaction, this.#self, plan.set);
    const fresh: OutboxRecord[] = [];
    const kept: OutboxRecord[] = [];
    for (const { position } of rows) {
      const row = await transaction.get(outboxTable, outboxKey(conversationId, position));
      if (row !== undefined) (row.frame === undefined ? fresh : kept).push(row);
    }
    const [first] = fresh;
    if (first === undefined) return { type: "done", rows: kept };
    const next = lacking.slice(0, capsulesPerEntry);
    const capsules = await this.#capsules(transaction, plan, key, next);
    if (capsules === undefined) return { type: "again" };
    if (lacking.length > next.length) {
      await this.#putKeyEntry(transaction, plan.set, key, first, capsules);
      return { type: "again" };
    }
    const sealed = await this.#sealRows(transaction, plan.set, key, fresh, capsules);
    return { type: "done", rows: [...kept, ...sealed].sort((a, b) => a.position - b.position) };
  }

  async #sealRows(
    transaction: Transaction,
    set: GroupDevices,
    key: OwnSenderKey,
    rows: readonly OutboxRecord[],
    capsules: MessageSend["capsules"],
  ): Promise<OutboxRecord[]> {
    const { conversationId, history } = set;
    const sealed: OutboxRecord[] = [];
    const group = await transaction.get(groupTable, conversationId);
    const due = group && dueKey(group)?.key;
    if (due !== undefined && set.recipients.length === 0) await settleDue(transaction, conversationId, due);
    let [current, waiting] = [key, capsules];
    for (const row of rows) {
      const place = outboxKey(conversationId, row.position);
      if (row.isKeyEntry === true && waiting.length === 0) {
        transaction.delete(outboxTable, place); // everyone has it by now
        continue;
      }
      const { body, after } = this.#bodyOf(row, current, history);
      current = after;
      const frame = frameOf(set, { ...row, ...body }, waiting);
      const devices = waiting.map(({ account, device }) => ({ account, device }));
      const given = due !== undefined && { settingsKey: due };
      const done = { ...row, ...body, frame, devices, groupEpoch: history.head.state.epoch, ...given };
      transaction.put(outboxTable, place, done);
      await withHolders(transaction, conversationId, devices);
      waiting = [];
      sealed.push(done);
    }
    if (current !== key) {
      await transaction.get(ownSenderKeyTable, conversationId);
      transaction.put(ownSenderKeyTable, conversationId, current);
    }
    return sealed;
  }

  #bodyOf(row: OutboxRecord, key: OwnSenderKey, history: GroupHistory) {
    const clientMsgId = decodeBase64url(row.clientMessageId);
    if (row.isKeyEntry === true) {
      const entry = encodeGroupKeyEntry({ groupId: key.groupId, clientMsgId, senderKeyId: key.id });
      return { body: { body: encodeBase64url(entry) }, after: key };
    }
    const sealed = sealGroupBody(this.#self.provider, key, stateOf(history), {
      conversationId: key.groupId,
      clientMsgId,
      senderAccountId: this.#self.own.cert.accountId,
      senderDeviceId: this.#self.deviceId,
      sentAtMs: row.sentAtMs,
      payload: payloadOf(row),
    });
    const body = {
      body: encodeBase64url(sealed.body),
      bodyKey: encodeBase64url(sealed.bodyKey),
      bodyHash: encodeBase64url(sealed.bodyHash),
    };
    return { body, after: sealed.key };
  }

  async #putKeyEntry(
    transaction: Transaction,
    set: GroupDevices,
    key: OwnSenderKey,
    { position }: OutboxRecord,
    capsules: MessageSend["capsules"],
  ): Promise<void> {
    const { conversationId } = set;
    const clientMessageId = createMessageId(this.#self.provider);
    const clientMsgId = decodeBase64url(clientMessageId);
    const entry = encodeGroupKeyEntry({ groupId: key.groupId, clientMsgId, senderKeyId: key.id });
    const frame = frameOf(set, { clientMessageId, body: encodeBase64url(entry) }, capsules);
    const devices = capsules.map(({ account, device }) => ({ account, device }));
    const count = (await listKeyEntries(transaction, conversationId, position)).length;
    transaction.insert(keyEntryTable, keyEntryKey(conversationId, position, count), {
      clientMessageId,
      frame,
      devices,
    });
    await withHolders(transaction, conversationId, devices);
  }

  async #capsules(
    transaction: Transaction,
    { set, bundles }: Plan,
    key: OwnSenderKey,
    recipients: readonly Recipient[],
  ): Promise<MessageSend["capsules"] | undefined> {
    const group = await transaction.get(groupTable, set.conversationId);
    if (recipients.length === 0 || group === undefined) return [];
    const settings = settingsKeyToGive(this.#self, group);
    const senderKey = senderKeyMessageOf(key, stateOf(set.history), settings);
    const capsules: MessageSend["capsules"] = [];
    for (const recipient of recipients) {
      const payload = { kind: "senderKey", senderKey } as const;
      const envelope = await trySealCapsule(transaction, this.#self, recipient, set.own, payload, {
        bundles,
      });
      if (envelope === undefined) return undefined;
      const { account } = recipient.directory;
      capsules.push({ account, device: recipient.device.deviceId, data: encodeBase64url(envelope) });
    }
    return capsules;
  }
}

function stateOf({ head, marks }: GroupHistory): { readonly epoch: number; readonly stateHash: Uint8Array } {
  return { epoch: head.state.epoch, stateHash: marks.at(-1)!.stateHash };
}

function frameOf(
  set: GroupDevices,
  message: Pick<MessageSend, "clientMessageId" | "body">,
  capsules: MessageSend["capsules"],
): string {
  const versions = new Map<AccountId, number>();
  for (const { account } of capsules) {
    const directory = set.directories.get(account);
    if (directory !== undefined) versions.set(account, directory.pin.version);
  }
  const frame: MessageSend = {
    type: "message:send",
    conversationId: set.conversationId,
    clientMessageId: message.clientMessageId,
    body: message.body,
    capsules,
    lists: [...versions].map(([account, version]) => ({ account, version })),
  };
  return JSON.stringify(frame);
}
