/**
 * Own messages on their way to the server.
 *
 * A message is durable with its sealed body before `enqueue` resolves. Its capsules and the finished frame are written
 * in one transaction with every ratchet they advanced; only committed bytes go to a socket, and after a crash the same
 * bytes go again (CRYPTO 2.17 rule 2, SPEC CL10).
 */
import type { Bytes } from "#schema/envelope/bytes.ts";
import { type Remedy, SottoError } from "#schema/errors.ts";
import type { ClientMessageId, ConversationId } from "#schema/ids.ts";
import type { DeviceSetDifference, MessageAck, MessageRefused } from "#schema/protocol/message.ts";
import { packSends } from "#schema/protocol/send-frame.ts";
import { isCryptoError } from "../crypto/errors.ts";
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import { outboxKey, type OutboxRecord, outboxTable } from "../store/tables.ts";
import { trustTable } from "../store/trust-table.ts";
import { Pump } from "./lane.ts";
import type { FrameSealer } from "./frame-sealer.ts";
import { listKeyEntries } from "./groups/own-key.ts";
import { IdentityChangedError } from "./identity-changed.ts";
import { createTextSealer } from "./text-sealer.ts";
import { SendWindow } from "./send-window.ts";
import { sequenceKeyEntry, sequenceOwn } from "./sequence-own.ts";
import type { Self } from "./self.ts";
import type { Timeline } from "./timeline.ts";

const retryAfterFaultMs = 3_000;
/** Refusals of its device set after which a message is given up: the server and the signed lists disagree. */
const mismatchesMax = 5;

/** Refusals after which the same text goes again in a new frame. */
const freshFrame: ReadonlySet<Remedy> = new Set(["refresh_devices", "refresh_group", "renew_sender_key"]);

/** What the outbox asks of the conversation sockets. */
export interface OutboxChannels {
  /** Keeps the conversation's socket open while something waits. */
  want(conversationId: ConversationId, wanted: boolean): void;
  isLive(conversationId: ConversationId): boolean;
  send(conversationId: ConversationId, frame: Bytes): boolean;
}

interface Lane {
  readonly window: SendWindow;
  readonly pump: Pump;
}

export class Outbox {
  readonly #environment: Environment;
  readonly #records: Records;
  readonly #self: Self;
  readonly #timeline: Timeline;
  readonly #sealer: FrameSealer;
  readonly #channels: OutboxChannels;
  readonly #lanes = new Map<ConversationId, Lane>();
  readonly #enqueueText: (conversationId: ConversationId, text: string) => Promise<ClientMessageId>;
  #stopped = false;

  constructor(
    environment: Environment,
    records: Records,
    self: Self,
    timeline: Timeline,
    sealer: FrameSealer,
    channels: OutboxChannels,
  ) {
    this.#environment = environment;
    this.#records = records;
    this.#self = self;
    this.#timeline = timeline;
    this.#sealer = sealer;
    this.#channels = channels;
    this.#enqueueText = createTextSealer(records, self);
    // A person has confirmed or compared a key, here or on another device.
    records.watch(trustTable, (_, trust) => {
      if (trust?.held !== true) this.resume();
    });
  }

  /** Takes up what an earlier run left behind. */
  resume(): void {
    for (const conversationId of this.#timeline.waiting()) this.kick(conversationId);
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Durable when it resolves. Throws `StoreError`. */
  async enqueue(conversationId: ConversationId, text: string): Promise<ClientMessageId> {
    const id = await this.#enqueueText(conversationId, text);
    this.kick(conversationId);
    return id;
  }

  /** Sends what can be sent; asks for the socket when something waits. */
  kick(conversationId: ConversationId): void {
    if (this.#stopped) return;
    const isWaiting = this.#timeline.outbox(conversationId).some(({ failure }) => failure === undefined);
    this.#channels.want(conversationId, isWaiting);
    if (isWaiting) void this.#lane(conversationId).pump.request();
  }

  /** The socket is live (again): what was in flight on an older one goes again. */
  live(conversationId: ConversationId): void {
    this.#lanes.get(conversationId)?.window.reset();
    this.kick(conversationId);
  }

  /** The server ordered messages. Repeated acknowledgements change nothing. */
  async acknowledged(conversationId: ConversationId, acks: readonly MessageAck[]): Promise<void> {
    const rows = this.#timeline.outbox(conversationId);
    await this.#sequenceKeyEntries(conversationId, acks);
    const known = acks.flatMap((ack) => {
      const row = rows.find(({ clientMessageId }) => clientMessageId === ack.clientMessageId);
      return row === undefined ? [] : [{ row, ack }];
    });
    if (known.length > 0) {
      await this.#records.transact(async (transaction) => {
        for (const { row, ack } of known) {
          await sequenceOwn(transaction, this.#self, row, ack.seq, ack.serverTimeMs);
        }
      });
      for (const { row } of known) this.#timeline.forget(conversationId, row.position);
    }
    const { window } = this.#lane(conversationId);
    for (const { clientMessageId } of acks) window.answered(clientMessageId);
    this.kick(conversationId);
  }

  async refused(conversationId: ConversationId, refusals: readonly MessageRefused[]): Promise<void> {
    const { window } = this.#lane(conversationId);
    const failed: ClientMessageId[] = [];
    const stale: ClientMessageId[] = [];
    let mustRotate = false;
    const differences: DeviceSetDifference[] = [];
    for (const { clientMessageId, error, difference } of refusals) {
      window.answered(clientMessageId);
      const refusal = new SottoError(error.code, error.message);
      if (freshFrame.has(refusal.remedy)) {
        mustRotate ||= refusal.remedy === "renew_sender_key";
        if (difference !== undefined) differences.push(difference);
        (window.countMismatch(clientMessageId) > mismatchesMax ? failed : stale).push(clientMessageId);
        window.holdUntilQuiet();
      } else if (refusal.remedy === "give_up" || refusal.remedy === "upgrade") {
        failed.push(clientMessageId);
      } else {
        window.pauseUntil(this.#environment.nowMs() + (error.retryAfterMs ?? 1_000));
        window.holdUntilQuiet();
      }
    }
    if (stale.length > 0) {
      const rows = this.#timeline.outbox(conversationId).filter((row) => stale.includes(row.clientMessageId));
      const difference = differences.length === 0 ? undefined : allOf(differences);
      await this.#sealer.discardFrames(conversationId, rows, { difference, mustRotate });
    }
    if (failed.length > 0) await this.#fail(conversationId, failed, "refused");
    this.kick(conversationId);
  }

  /** Sends a failed message again. */
  async retry(conversationId: ConversationId, id: ClientMessageId): Promise<void> {
    const row = this.#timeline.outbox(conversationId).find((other) => other.clientMessageId === id);
    if (row?.failure === undefined) return;
    this.#lane(conversationId).window.forgetMismatches(id);
    await this.#change(conversationId, [id], ({ failure: _failure, ...rest }) => rest);
    this.kick(conversationId);
  }

  /** Removes an unsent message. One that is on the wire may still arrive; it then comes back as sent. */
  async discard(conversationId: ConversationId, id: ClientMessageId): Promise<void> {
    const row = this.#timeline.outbox(conversationId).find((other) => other.clientMessageId === id);
    if (row === undefined) return;
    await this.#records.transact(async (transaction) => {
      const key = outboxKey(conversationId, row.position);
      if ((await transaction.get(outboxTable, key)) !== undefined) transaction.delete(outboxTable, key);
    });
    this.#lane(conversationId).window.answered(id);
    this.kick(conversationId);
  }

  #lane(conversationId: ConversationId): Lane {
    const known = this.#lanes.get(conversationId);
    if (known !== undefined) return known;
    const made = {
      window: new SendWindow(this.#environment, () => this.kick(conversationId)),
      pump: new Pump(() => this.#pump(conversationId)),
    };
    this.#lanes.set(conversationId, made);
    return made;
  }

  async #pump(conversationId: ConversationId): Promise<void> {
    const { window } = this.#lane(conversationId);
    while (!this.#stopped && this.#channels.isLive(conversationId)) {
      const free = window.free();
      const waiting = this.#timeline
        .outbox(conversationId)
        .filter((row) => row.failure === undefined && !window.has(row.clientMessageId))
        .slice(0, free);
      if (waiting.length === 0) return;
      const sealed = waiting.every(({ frame }) => frame !== undefined)
        ? waiting
        : await this.#trySeal(conversationId, waiting);
      if (sealed === undefined) return;
      const sends = (await Promise.all(sealed.map((row) => this.#sealer.sendsOf(row)))).flat();
      for (const frame of packSends(sends)) if (!this.#channels.send(conversationId, frame)) return;
      for (const { clientMessageId } of sealed) window.sent(clientMessageId);
    }
  }

  /** Undefined when nothing can be sent now; a later try was arranged where one makes sense. */
  async #trySeal(
    conversationId: ConversationId,
    rows: readonly OutboxRecord[],
  ): Promise<readonly OutboxRecord[] | undefined> {
    try {
      const sealed = await this.#sealer.seal(conversationId, rows);
      const positions = new Set(sealed.map(({ position }) => position));
      for (const { position } of rows) {
        if (!positions.has(position)) this.#timeline.forget(conversationId, position); // discarded meanwhile
      }
      return sealed;
    } catch (error) {
      const ids = rows.map(({ clientMessageId }) => clientMessageId);
      if (error instanceof IdentityChangedError) return undefined; // waits for the person, whose word kicks
      if (isCryptoError(error)) {
        await this.#fail(conversationId, ids, "identity_changed").catch(() => undefined); // tried again at the next start
      } else if (error instanceof SottoError && error.remedy === "give_up") {
        await this.#fail(conversationId, ids, "refused").catch(() => undefined); // as above
      } else {
        const retryAfterMs = error instanceof SottoError ? error.retryAfterMs : undefined;
        const { window } = this.#lane(conversationId);
        window.pauseUntil(this.#environment.nowMs() + (retryAfterMs ?? retryAfterFaultMs));
      }
      return undefined;
    }
  }

  /** Own key entries have their place in the log, too. */
  async #sequenceKeyEntries(conversationId: ConversationId, acks: readonly MessageAck[]): Promise<void> {
    const rows = this.#timeline.outbox(conversationId);
    const unknown = acks.filter((ack) => rows.every((row) => row.clientMessageId !== ack.clientMessageId));
    if (unknown.length === 0 || rows.every(({ groupEpoch }) => groupEpoch === undefined)) return;
    await this.#records.transact(async (transaction) => {
      for (const { position } of rows) {
        for (const { value } of await listKeyEntries(transaction, conversationId, position)) {
          const ack = unknown.find(({ clientMessageId }) => clientMessageId === value.clientMessageId);
          if (ack !== undefined) await sequenceKeyEntry(transaction, this.#self, ack);
        }
      }
    });
  }

  #fail(
    conversationId: ConversationId,
    ids: readonly ClientMessageId[],
    failure: NonNullable<OutboxRecord["failure"]>,
  ): Promise<void> {
    return this.#change(conversationId, ids, (row) => ({ ...row, failure }));
  }

  async #change(
    conversationId: ConversationId,
    ids: readonly ClientMessageId[],
    change: (row: OutboxRecord) => OutboxRecord,
  ): Promise<void> {
    const rows = this.#timeline.outbox(conversationId).filter((row) => ids.includes(row.clientMessageId));
    await this.#records.transact(async (transaction) => {
      for (const { position } of rows) {
        const key = outboxKey(conversationId, position);
        const row = await transaction.get(outboxTable, key);
        if (row !== undefined) transaction.put(outboxTable, key, change(row));
      }
    });
  }
}

function allOf(differences: readonly DeviceSetDifference[]): DeviceSetDifference {
  return {
    missing: differences.flatMap(({ missing }) => missing),
    extra: differences.flatMap(({ extra }) => extra),
    stale: differences.flatMap(({ stale }) => stale),
  };
}
