/** To-device messages: requests for repair, their answers, what own devices tell each other; durable on both ends (CRYPTO 2.5, 2.8). */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { isAllZero } from "#schema/envelope/bytes.ts";
import { capsuleEnvelopeType } from "#schema/envelope/capsule-envelope.ts";
import { retryEnvelopeType } from "#schema/envelope/retry-envelope.ts";
import { syncEnvelopeType } from "#schema/envelope/sync-envelope.ts";
import { type ErrorKind, errorKinds, SottoError } from "#schema/errors.ts";
import type { ClientMessageId } from "#schema/ids.ts";
import type { DownEvent } from "#schema/protocol/down.ts";
import type { DeviceMessage, DeviceSend, PrekeyStock } from "#schema/protocol/inbox.ts";
import { isCryptoError } from "../crypto/errors.ts";
import { verifyRetry } from "../crypto/retry.ts";
import { EnvelopeError } from "#schema/envelope/envelope-error.ts";
import type { Environment } from "../environment.ts";
import { syncItemTable } from "../store/own-tables.ts";
import type { Records } from "../store/records.ts";
import { deviceOutboxTable, type DeviceOutboxRecord, devicePositionTable } from "../store/tables.ts";
import type { Directory } from "./directory.ts";
import { inBackground, Pump } from "./lane.ts";
import { claimsOf, type ListClaims } from "./list-claims.ts";
import type { SyncLinks } from "./own-sync.ts";
import type { QueueParts } from "./queue-parts.ts";
import type { Self } from "./self.ts";

const retryAfterFaultMs = 5_000;
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
  readonly #incoming: DeviceMessage[] = [];
  readonly #pump = new Pump(() => this.#work());
  #parts: Promise<QueueParts> | undefined;
  #isStopped = false;

  /** `send` puts a frame on the inbox socket and tells whether that was possible. */
  constructor(
    environment: Environment,
    records: Records,
    self: Self,
    links: SyncLinks & { readonly listClaims: ListClaims; readonly changed: () => void },
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
    records.watch(syncItemTable, links.changed);
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
    this.#onWire.delete(id);
    if (errorKinds[error.code].remedy === "retry_after") {
      this.#onWire.add(id);
      this.#environment.setTimer(error.retryAfterMs ?? retryAfterFaultMs, () => {
        this.#onWire.delete(id);
        this.#flush();
      });
      return;
    }
    await this.#remove(id);
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
    const { repairs, ownSync } = await this.#loadParts();
    if (bytes[1] === retryEnvelopeType) {
      const request = verifyRetry(this.#self.provider, entry.device, this.#self.own, bytes);
      const isSync = isAllZero(request.conversationId);
      await (isSync ? ownSync : repairs).answer(recipient, request);
      return;
    }
    const isSync = bytes[1] === syncEnvelopeType;
    if (!isSync && bytes[1] !== capsuleEnvelopeType) return;
    const gossip = await (isSync ? ownSync : repairs).take(recipient, bytes);
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
