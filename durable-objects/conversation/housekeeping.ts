/**
 * What a conversation does by itself, from alarms: copies its log to the archive, clears capsules that nobody needs,
 * and lets go of old messages that the archive holds. Each may be cut off anywhere and may run twice.
 */
import { limits } from "#schema/limits.ts";
import type { Alarms } from "../support/alarms.ts";
import { type Archive, drainArchive } from "./archive.ts";
import type { ConversationState } from "./state.ts";
import type { ConversationRecord, ConversationStore, Losses } from "./store.ts";

const archiveDelayMs = 2_000;
const sweepDelayMs = 60_000;
/** How soon capsules are looked at that no acknowledgement has freed: those of a device that only sends, for one. */
const sweepIdleMs = 3_600_000;
/** Reports that come close together are one. */
const reportDelayMs = 10_000;
/** Capsules of so many messages are cleared at once, which keeps nobody waiting; then comes a rest. */
const sweptMessages = 2_048;
const sweepRestMs = 25;

export interface HousekeepingContext {
  readonly state: ConversationState;
  readonly store: ConversationStore;
  readonly archive: Archive;
  readonly alarms: Pick<Alarms<"archive" | "sweep" | "prune" | "report">, "schedule">;
  readonly now: () => number;
  readonly pause: (delayMs: number) => Promise<void>;
  /** The archive has lost messages that it had confirmed. */
  readonly onArchiveIncomplete: () => void;
  /** Something was counted that should never happen. */
  readonly onLosses: (losses: Losses) => void;
}

export class Housekeeping {
  readonly #context: HousekeepingContext;

  constructor(context: HousekeepingContext) {
    this.#context = context;
  }

  committed(messages: number): void {
    const { alarms, now } = this.#context;
    if (messages > 0) alarms.schedule("archive", now() + archiveDelayMs);
    alarms.schedule("sweep", now() + (this.#isSweepDue ? sweepDelayMs : sweepIdleMs));
  }

  async drain(): Promise<void> {
    const { state, store, archive, now, pause } = this.#context;
    await drainArchive({
      now,
      pause,
      conversationId: state.record.conversationId,
      archive,
      archivedSeq: () => state.record.archivedSeq,
      lastSeq: () => state.lastSeq,
      after: (seq, limit) => store.page({ after: seq, limit }),
      save: (seq) => {
        store.saveArchived(seq);
        this.#note({ archivedSeq: seq });
      },
    });
    this.#planPrune();
  }

  /** Members' devices gave up on messages. */
  undecryptable(count: number): void {
    this.#count({ lost: 0, undecryptable: count });
  }

  /** Copies the totals to where the operator reads them; absolute numbers, so that twice is once. */
  async report(): Promise<void> {
    const { state, store, archive } = this.#context;
    await archive.report(state.record.conversationId, store.losses());
  }

  /** Clears capsules that every device has, or that waited too long; comes back for what is left. */
  sweep(): void {
    const { state, store, alarms, now } = this.#context;
    this.#passOwnMessages();
    const { deliveredToAll, lastSeq } = state;
    const query = {
      upTo: deliveredToAll,
      olderThanMs: now() - limits.capsuleAgeMs,
      limit: sweptMessages,
    };
    const { lost, oldest } = store.transaction(() => {
      const swept = store.sweep(query);
      store.saveSwept(swept.oldest === undefined ? lastSeq : swept.oldest.firstSeq - 1);
      return swept;
    });
    if (lost > 0) this.#count({ lost, undecryptable: 0 });
    this.#note({ sweptSeq: oldest === undefined ? lastSeq : oldest.firstSeq - 1 });
    this.#planPrune();
    if (oldest === undefined) return;
    const isMoreDue = oldest.lastSeq <= deliveredToAll || oldest.serverTimeMs < query.olderThanMs;
    const expiresAtMs = oldest.serverTimeMs + limits.capsuleAgeMs;
    alarms.schedule("sweep", isMoreDue ? now() + sweepRestMs : Math.max(expiresAtMs, now() + sweepDelayMs));
  }

  /** Deletes old messages that the archive is seen to hold and that no device still needs a capsule of. */
  async prune(): Promise<void> {
    const { state, store, archive, alarms, now } = this.#context;
    const { conversationId, prunedSeq } = state.record;
    const upTo = Math.min(this.#prunable, prunedSeq + limits.pruneMessages);
    if (upTo < prunedSeq + limits.pruneMessages) return;
    if ((await archive.count(conversationId, prunedSeq, upTo)) !== upTo - prunedSeq) {
      this.#context.onArchiveIncomplete();
      store.saveArchived(prunedSeq);
      this.#note({ archivedSeq: prunedSeq });
      alarms.schedule("archive", now() + archiveDelayMs);
      return;
    }
    // What is not counted yet could not be counted again.
    if (state.record.countedSeq < upTo) state.saveProgress(store, state.record.toldSeq);
    store.prune(upTo);
    this.#note({ prunedSeq: upTo });
    this.#planPrune();
  }

  get #isSweepDue(): boolean {
    return this.#context.state.deliveredToAll > this.#context.state.record.sweptSeq;
  }

  get #prunable(): number {
    const { record, lastSeq } = this.#context.state;
    return Math.min(record.archivedSeq, record.sweptSeq, lastSeq - limits.hotMessages);
  }

  #planPrune(): void {
    const { state, alarms, now } = this.#context;
    if (this.#prunable >= state.record.prunedSeq + limits.pruneMessages) alarms.schedule("prune", now());
  }

  /** A device needs no capsule of what it sent itself, and may never acknowledge it when nobody answers. */
  #passOwnMessages(): void {
    const { state, store } = this.#context;
    for (const member of state.members.values()) {
      const { account } = member;
      for (const [id, device] of member.devices) {
        if (!device.active || device.delivered >= member.sentSeq) continue;
        const reached = (store.firstForeign(account, id, device.delivered) ?? state.lastSeq + 1) - 1;
        if (reached <= device.delivered) continue;
        store.saveDelivered(account, id, reached);
        state.delivered(member, id, reached);
      }
    }
  }

  #count(losses: Losses): void {
    const { store, alarms, now, onLosses } = this.#context;
    store.count(losses);
    onLosses(losses);
    alarms.schedule("report", now() + reportDelayMs);
  }

  #note(change: Partial<ConversationRecord>): void {
    const { state } = this.#context;
    state.record = { ...state.record, ...change };
  }
}
