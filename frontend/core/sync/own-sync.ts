/**
 * Tells the account's other devices what was changed here, and takes what they tell (CRYPTO 2.5, kind SYNC). Everything goes in to-device
 * messages over the sessions that the devices have with each other; the server sees that they talk and how much.
 */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { encodeSyncEnvelope, parseSyncEnvelope } from "#schema/envelope/sync-envelope.ts";
import type { DeviceId } from "#schema/ids.ts";
import type { SessionCall } from "../api/session-api.ts";
import type { VerifiedBundle } from "../crypto/bundle.ts";
import type { Gossip } from "../crypto/capsule.ts";
import { CryptoError, isCryptoError, parsing } from "../crypto/errors.ts";
import { openSync, sealSync } from "../crypto/sync.ts";
import type { SyncItem } from "../crypto/sync-item.ts";
import type { Environment } from "../environment.ts";
import type { Records, Transaction } from "../store/records.ts";
import { syncItemTable, syncPeerTable } from "../store/own-tables.ts";
import { deviceOutboxTable, repairTable } from "../store/tables.ts";
import { claimVerifiedBundles } from "./bundle-claims.ts";
import { hasSession, openCapsule, type Recipient, recipientKey, trySealCapsule } from "./capsules.ts";
import type { AccountDevices, Directory } from "./directory.ts";
import { Pump } from "./lane.ts";
import { isSendable, toItem } from "./own-items.ts";
import { firstBatch, stageTold } from "./told-items.ts";
import { isHourOver } from "./retry-asking.ts";
import { askForAll } from "./sync-asking.ts";
import { createMessageId, type Self } from "./self.ts";

/** Changes of one moment go together, and a draft not at every letter. */
const gatherMs = 2_000;
const retryAfterFaultMs = 30_000;

export interface SyncLinks {
  readonly directory: Directory;
  readonly call: SessionCall;
}

/** Items, and the devices that lack them. */
interface Parcel {
  readonly items: readonly SyncItem[];
  readonly to: readonly Recipient[];
}

export class OwnSync {
  readonly #environment: Environment;
  readonly #records: Records;
  readonly #self: Self;
  readonly #links: SyncLinks;
  readonly #pump = new Pump(() => this.#work());
  /** Devices that need a new session. */
  readonly #fresh = new Set<DeviceId>();
  #isOnline = false;
  #cancelTimer: (() => void) | undefined;
  #delayMs = 0;

  constructor(environment: Environment, records: Records, self: Self, links: SyncLinks) {
    this.#environment = environment;
    this.#records = records;
    this.#self = self;
    this.#links = links;
    records.watch(syncItemTable, (_, value) => {
      if (value?.isUnsent === true) this.#later(gatherMs);
    });
  }

  /** The server can be reached, or the account has another device list. */
  wake(): void {
    this.#isOnline = true;
    this.#later(gatherMs);
  }

  stop(): void {
    this.#isOnline = false;
    this.#cancelTimer?.();
  }

  /**
   * Takes what a device told. Returns what its capsule tells on the side. Throws `CryptoError`: BAD_BINDING for a device of another account
   * (attack 48), and whatever opening throws; then nothing was taken, and the device is asked to tell it again.
   */
  async take(sender: Recipient, bytes: Uint8Array): Promise<Gossip> {
    if (sender.directory.account !== this.#self.account) {
      throw new CryptoError("BAD_BINDING", "sync: from another account");
    }
    try {
      return await this.#open(sender, bytes);
    } catch (error) {
      if (isCryptoError(error) && error.code !== "DUPLICATE") {
        await this.#records.transact((transaction) =>
          askForAll(
            transaction,
            this.#self,
            { account: this.#self.account, device: sender.device.deviceId },
            bytes,
            error.code,
          ),
        );
      }
      throw error;
    }
  }

  /** Another own device could not open what this one told: it gets everything again, in a new session, at most once an hour. */
  async answer({ directory, device }: Recipient): Promise<void> {
    if (directory.account !== this.#self.account) return;
    const [key, peer] = [`answered-sync/${device.deviceId}`, String(device.deviceId)];
    await this.#records.transact(async (transaction) => {
      if (!isHourOver(await transaction.get(repairTable, key), this.#self.nowMs())) return;
      transaction.put(repairTable, key, { atMs: this.#self.nowMs() });
      if ((await transaction.get(syncPeerTable, peer)) !== undefined) transaction.delete(syncPeerTable, peer);
    });
    this.#fresh.add(device.deviceId);
    this.#later(gatherMs);
  }

  async #open(sender: Recipient, bytes: Uint8Array): Promise<Gossip> {
    const envelope = parsing(() => parseSyncEnvelope(bytes));
    return this.#records.transact(async (transaction) => {
      const { payload, gossip } = await openCapsule(transaction, this.#self, sender.device, envelope.capsule);
      if (payload.kind !== "sync" || payload.sync.type !== "items") {
        throw new CryptoError("MALFORMED", "sync: a capsule without items");
      }
      const items = openSync(this.#self.provider, sender.device, payload.sync, envelope);
      for (const item of items) await stageTold(transaction, item);
      return gossip;
    });
  }

  #later(delayMs: number): void {
    if (!this.#isOnline || (this.#cancelTimer !== undefined && delayMs >= this.#delayMs)) return;
    this.#cancelTimer?.();
    this.#delayMs = delayMs;
    this.#cancelTimer = this.#environment.setTimer(delayMs, () => {
      this.#cancelTimer = undefined;
      void this.#pump.request();
    });
  }

  async #work(): Promise<void> {
    if (!this.#isOnline) return;
    try {
      const own = await this.#links.directory.load(this.#self.account);
      const others = own.recipients
        .filter(({ deviceId }) => deviceId !== this.#self.deviceId)
        .map((device) => ({ device, directory: own }));
      const known = new Set((await this.#records.list(syncPeerTable)).map(({ key }) => Number(key)));
      const isKnown = ({ device }: Recipient): boolean => known.has(device.deviceId);
      while (await this.#sendChanges(own, others.filter(isKnown))) if (!this.#isOnline) return;
      for (const newcomer of others.filter((other) => !isKnown(other))) await this.#sendAll(own, newcomer);
    } catch {
      this.#later(retryAfterFaultMs); // offline, or a device has no prekeys
    }
  }

  /** Sends some of what was changed here; false when there was nothing. Newcomers get everything anyway. */
  async #sendChanges(own: AccountDevices, to: readonly Recipient[]): Promise<boolean> {
    const changed = (await this.#records.list(syncItemTable)).filter(({ value }) => value.isUnsent === true);
    const items = firstBatch(changed.map(({ key, value }) => toItem(key, value)));
    if (items.length === 0) return false;
    await this.#send(own, { items, to }, async (transaction) => {
      for (const { type, id, changedAtMs } of items) {
        const key = `${type}/${id}`;
        const record = await transaction.get(syncItemTable, key);
        if (record?.changedAtMs !== changedAtMs) continue; // changed again meanwhile
        const { isUnsent: _unsent, ...sent } = record;
        transaction.put(syncItemTable, key, sent);
      }
    });
    return true;
  }

  async #sendAll(own: AccountDevices, newcomer: Recipient): Promise<void> {
    const stored = await this.#records.list(syncItemTable);
    let left = stored.map(({ key, value }) => toItem(key, value)).filter(isSendable);
    while (left.length > 0) {
      const items = firstBatch(left);
      left = left.slice(items.length);
      await this.#send(own, { items, to: [newcomer] }, async () => undefined);
    }
    const key = String(newcomer.device.deviceId);
    await this.#records.transact(async (transaction) => {
      await transaction.get(syncPeerTable, key);
      transaction.put(syncPeerTable, key, {});
    });
  }

  /** One commit: the sealed messages in the queue to the devices, the sessions, and what `done` stages. */
  async #send(
    own: AccountDevices,
    { items, to }: Parcel,
    done: (transaction: Transaction) => Promise<void>,
  ): Promise<void> {
    const { provider, own: device } = this.#self;
    const bundles = new Map<string, VerifiedBundle>();
    const without = await this.#records.transact((transaction) => this.#needBundle(transaction, to));
    if (without.length > 0) {
      for (const [key, bundle] of await claimVerifiedBundles(this.#self, this.#links.call, without)) {
        bundles.set(key, bundle);
      }
    }
    const { key, hash, nonce, ciphertext } = sealSync(provider, device.cert, items);
    const payload = { kind: "sync", sync: { type: "items", key, hash } } as const;
    await this.#records.transact(async (transaction) => {
      for (const recipient of to) {
        const fresh = this.#fresh.has(recipient.device.deviceId);
        const options = { bundles, fresh };
        const capsule = await trySealCapsule(transaction, this.#self, recipient, own, payload, options);
        if (capsule === undefined) throw new Error(`no bundle for ${recipientKey(recipient)}`);
        const id = createMessageId(provider);
        const { account } = recipient.directory;
        const data = encodeBase64url(encodeSyncEnvelope({ capsule, nonce, ciphertext }));
        transaction.insert(deviceOutboxTable, id, { id, account, device: recipient.device.deviceId, data });
      }
      await done(transaction);
    });
    for (const { device: sent } of to) this.#fresh.delete(sent.deviceId);
  }

  async #needBundle(transaction: Transaction, recipients: readonly Recipient[]): Promise<Recipient[]> {
    const found: Recipient[] = [];
    for (const recipient of recipients) {
      const isReady =
        !this.#fresh.has(recipient.device.deviceId) && (await hasSession(transaction, this.#self, recipient));
      if (!isReady) found.push(recipient);
    }
    return found;
  }
}
