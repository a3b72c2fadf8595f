/** To-device messages: requests for repair, their answers, what own devices tell each other; durable on both ends (CRYPTO 2.5, 2.8). */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { isAllZero } from "#schema/envelope/bytes.ts";
import { capsuleEnvelopeType } from "#schema/envelope/capsule-envelope.ts";
import { retryEnvelopeType } from "#schema/envelope/retry-envelope.ts";
import { historyEnvelopeType, syncEnvelopeType } from "#schema/envelope/sync-envelope.ts";
import { type ErrorKind, errorKinds, SottoError } from "#schema/errors.ts";
import type { ClientMessageId } from "#schema/ids.ts";
import type { DownEvent } from "#schema/protocol/down.ts";
import type { DeviceMessage, DeviceSend, PrekeyStock } from "#schema/protocol/inbox.ts";
import { isCryptoError } from "../crypto/errors.ts";
import { verifyRetry } from "../crypto/retry.ts";
import { EnvelopeError } from "#schema/envelope/envelope-error.ts";
import type { Environment } from "../environment.ts";
import { historyShareTable } from "../store/group-tables.ts";
import { syncItemTable } from "../store/own-tables.ts";
import type { Records } from "../store/records.ts";
import { deviceOutboxTable, type DeviceOutboxRecord, devicePositionTable } from "../store/tables.ts";
import type { Directory } from "./directory.ts";
import { inBackground, Pump } from "./lane.ts";
import { claimsOf, type ListClaims } from "./list-claims.ts";
import type { SharingLinks } from "./groups/history-sharing.ts";
import type { QueueParts } from "./queue-parts.ts";
import type { Self } from "./self.ts";

const retryAfterFaultMs = 5_000;
/** Half a minute in all. */
const refusalsMax = 6;
const firstPatienceMs = 500;
const positionKey = "self";

export class DeviceQueue {
  readonly #environment: Environment;
  readonly #records: Records;
  readonly #self: Self;
  readonly #directory: Directory;
  readonly #createParts: () => Promise<QueueParts>;
  readonly #listClaims: ListClaims;
  readonly #send: (frame: object) => boolean;
  readonly #outgoing = new Map<string, DeviceOutboxRecord>();
  readonly #onWire = new Set<string>();
  /** How often a message was refused that may only have been early. */
  readonly #refusals = new Map<string, number>();
  readonly #incoming: DeviceMessage[] = [];
  readonly #pump = new Pump(() => this.#work());
  #parts: Promise<QueueParts> | undefined;
  #isStopped = false;

  /** `send` puts a frame on the inbox socket and tells whether that was possible. */
  constructor(
    environment: Environment,
    records: Records,
    self: Self,
    links: SharingLinks & { readonly listClaims: ListClaims },
    send: (frame: object) => boolean,
  ) {
    this.#listClaims = links.listClaims;
    this.#createParts = async () => {
      const { createQueueParts } = await import("./queue-parts.ts");
      return createQueueParts(environment, records, self, links);
    };
    this.#environment = environment;
    this.#records = records;
    this.#self = self;
    this.#directory = links.directory;
    this.#send = send;
    records.watch(syncItemTable, () => links.emit({ type: "conversations" }));
    records.watch(historyShareTable, (_, value) => {
      if (value !== undefined) this.#share();
    });
    records.watch(deviceOutboxTable, (key, value) => {
      if (value === undefined) this.#outgoing.delete(key);
      else this.#outgoing.set(key, value);
      this.#flush();
    });
  }

  async load(): Promise<void> {
    for (const { key, value } of await this.#records.list(deviceOutboxTable)) this.#outgoing.set(key, value);
  }

  /** Everything the inbox had is here, or the account has another device list: what own devices lack goes to them. */
  shareOwn(): void {
    void inBackground(async () => {
      const { ownSync } = await this.#loadParts();
      if (!this.#isStopped) ownSync.wake();
    });
    this.#share();
  }

  /** Keys of earlier messages that were promised to who came into a group. */
  #share(): void {
    void inBackground(async () => {
      const { sharing } = await this.#loadParts();
      if (!this.#isStopped) sharing.wake();
    });
  }

  /** What the inbox socket brought, as far as it is about devices, their messages and their prekeys. */
  heard(event: DownEvent): void {
    if (event.type === "device:message") this.#received(event);
    else if (event.type === "prekey:stock") this.#stock(event);
    else if (event.type === "device:sent") void inBackground(() => this.#sent(event.id));
    else if (event.type === "error" && event.id !== undefined) {
      const { id, error } = event;
      void inBackground(() => this.#refused(id, error));
    } else if (event.type === "devices:changed") {
      void inBackground(async () => {
        const known = await this.#directory.tryLoad(event.account);
        if (known !== undefined) await this.#directory.refresh(event.account);
        if (event.account === this.#self.account) this.shareOwn();
      });
    }
  }

  /** What the server has left of this device's prekeys. */
  #stock(stock: PrekeyStock): void {
    void inBackground(async () => {
      const { prekeys } = await this.#loadParts();
      if (!this.#isStopped) prekeys.stock(stock);
    });
  }

  stop(): void {
    this.#isStopped = true;
    void inBackground(async () => {
      const parts = await this.#parts;
      parts?.ownSync.stop();
      parts?.sharing.stop();
      parts?.prekeys.stop();
    });
  }

  /** The inbox socket is open (again). */
  live(): void {
    this.#onWire.clear();
    this.#flush();
    void inBackground(async () => (await this.#loadParts()).repairs.askOnceMore());
  }

  /** The server refused a message: it goes again later, or not at all. */
  async #refused(
    id: string,
    error: { readonly code: ErrorKind; readonly retryAfterMs?: number | undefined },
  ): Promise<void> {
    const isLater = errorKinds[error.code].remedy === "retry_after";
    const pauseMs = isLater ? (error.retryAfterMs ?? retryAfterFaultMs) : this.#patienceFor(id, error.code);
    if (pauseMs === undefined) {
      this.#onWire.delete(id);
      this.#refusals.delete(id);
      return this.#remove(id);
    }
    this.#environment.setTimer(pauseMs, () => {
      this.#onWire.delete(id);
      this.#flush();
    });
  }

  /** The inbox of somebody who has just come into a group may not have heard of it yet. */
  #patienceFor(id: string, code: ErrorKind): number | undefined {
    const refusals = (this.#refusals.get(id) ?? 0) + 1;
    const isEarly = code === "forbidden" && this.#outgoing.get(id)?.group !== undefined;
    if (!isEarly || refusals > refusalsMax) return undefined;
    this.#refusals.set(id, refusals);
    return firstPatienceMs * 2 ** (refusals - 1);
  }

  async #sent(id: ClientMessageId): Promise<void> {
    await this.#remove(id);
    this.#onWire.delete(id);
  }

  #loadParts(): Promise<QueueParts> {
    this.#parts ??= this.#createParts().catch((error: unknown) => {
      this.#parts = undefined; // offline: fetched with the next connection
      throw error;
    });
    return this.#parts;
  }

  async #remove(id: string): Promise<void> {
    this.#refusals.delete(id);
    await this.#records.transact(async (transaction) => {
      if ((await transaction.get(deviceOutboxTable, id)) !== undefined)
        transaction.delete(deviceOutboxTable, id);
    });
  }

  /** Takes a message; it is acknowledged when everything that follows from it is stored. */
  #received(message: DeviceMessage): void {
    this.#incoming.push(message);
    void this.#pump.request();
  }

  #flush(): void {
    for (const [key, { id, account, device, data, group }] of this.#outgoing) {
      if (this.#onWire.has(key)) continue;
      const to = { account, device, data, ...(group !== undefined && { group }) };
      const frame: DeviceSend = { type: "device:send", id, ...to };
      if (!this.#send(frame)) return;
      this.#onWire.add(key);
    }
  }

  async #work(): Promise<void> {
    for (let next = this.#incoming[0]; next !== undefined; next = this.#incoming[0]) {
      try {
        await this.#handle(next);
      } catch (error) {
        if (isTransient(error)) {
          this.#environment.setTimer(retryAfterFaultMs, () => void this.#pump.request());
          return;
        }
        // a message that cannot be read or answered is dropped: keeping it would stop the queue
      }
      this.#incoming.shift();
      await this.#acknowledge(next.position);
    }
  }

  async #handle(message: DeviceMessage): Promise<void> {
    const done = (await this.#records.read(devicePositionTable, positionKey))?.position ?? 0;
    if (message.position <= done) return;
    const { account, device } = message.sender;
    const known = await this.#directory.load(account);
    const directory = known.known.has(device) ? known : await this.#directory.refresh(account);
    const entry = directory.known.get(device);
    if (entry?.active !== true) return;
    const bytes = decodeBase64url(message.data);
    const recipient = { device: entry.device, directory };
    const { repairs, ownSync, sharing } = await this.#loadParts();
    if (bytes[1] === retryEnvelopeType) {
      const request = verifyRetry(this.#self.provider, entry.device, this.#self.own, bytes);
      const all = account === this.#self.account ? ownSync : sharing;
      await (isAllZero(request.conversationId) ? all : repairs).answer(recipient, request);
      return;
    }
    const parts = new Map<unknown, Pick<typeof repairs, "take">>([
      [capsuleEnvelopeType, repairs],
      [syncEnvelopeType, ownSync],
      [historyEnvelopeType, sharing],
    ]);
    const gossip = await parts.get(bytes[1])?.take(recipient, bytes);
    if (gossip === undefined) return;
    const own = await this.#directory.tryLoad(this.#self.account);
    await this.#listClaims.settle(claimsOf(gossip, directory, own));
  }

  async #acknowledge(position: number): Promise<void> {
    await this.#records.transact(async (transaction) => {
      const done = (await transaction.get(devicePositionTable, positionKey))?.position ?? 0;
      if (position > done) transaction.put(devicePositionTable, positionKey, { position });
    });
    this.#send({ type: "device:ack", position });
  }
}

function isTransient(error: unknown): boolean {
  if (isCryptoError(error) || error instanceof EnvelopeError) return false;
  return !(error instanceof SottoError) || error.remedy !== "give_up";
}
