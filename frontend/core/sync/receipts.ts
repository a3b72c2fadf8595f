/** Delivered and read watermarks: sent after what they promise is durable, coalesced, repeated until taken. */
import type { ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { type Environment, randomFraction } from "../environment.ts";
import { groupTable } from "../store/group-tables.ts";
import type { Records } from "../store/records.ts";
import { type ConversationRecord, conversationTable } from "../store/tables.ts";
import type { Conversations } from "./conversations.ts";

/** Watermarks that rise together go as one. */
const windowMs = 30;
/**
 * Among many members all answer every message, and the server writes what comes within a second together: there each waits for so long and
 * up to as long again, so that they do not all come at once.
 */
const crowdWindowMs = 1_000;
/** A socket that lives this long after a watermark was sent has carried it. */
const settledMs = 3_000;

interface Marks {
  readonly delivered: number;
  readonly read: number;
}

export class Receipts {
  readonly #environment: Pick<Environment, "setTimer" | "provider">;
  readonly #records: Pick<Records, "read" | "transact">;
  readonly #conversations: Pick<Conversations, "get" | "all">;
  readonly #send: (conversationId: ConversationId, frame: object) => boolean;
  readonly #timers = new Map<ConversationId, () => void>();
  /** What no socket took. */
  readonly #unsent = new Set<ConversationId>();
  readonly #sent = new Map<ConversationId, Marks>();
  #cancelSettle: (() => void) | undefined;
  #isStopped = false;

  /** `send` puts a frame on the conversation's socket, or else on the inbox. */
  constructor(
    environment: Pick<Environment, "setTimer" | "provider">,
    records: Pick<Records, "read" | "transact">,
    conversations: Pick<Conversations, "get" | "all">,
    send: (conversationId: ConversationId, frame: object) => boolean,
  ) {
    this.#environment = environment;
    this.#records = records;
    this.#conversations = conversations;
    this.#send = send;
  }

  /** A watermark of this conversation rose. */
  raise(conversationId: ConversationId): void {
    this.#after(windowMs, conversationId, () => void this.#settleDown(conversationId));
  }

  /** The inbox is open (again): what may have been lost with the old socket goes again. */
  live(): void {
    this.#sent.clear();
    for (const { conversationId, deliveredPending, readPending } of this.#conversations.all()) {
      if (deliveredPending || readPending) this.raise(conversationId);
    }
  }

  /** The inbox was lost: nothing sent on it counts as carried. */
  lost(): void {
    this.#cancelSettle?.();
    this.#cancelSettle = undefined;
    this.#sent.clear();
  }

  /** A conversation's socket broke or was replaced: what it may not have carried goes again. */
  lostOn(conversationId: ConversationId): void {
    if (this.#sent.delete(conversationId)) this.raise(conversationId);
  }

  stop(): void {
    this.lost();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#isStopped = true;
  }

  /** One timer for each conversation: what rises before it runs goes with it. */
  #after(delayMs: number, conversationId: ConversationId, run: () => void): void {
    if (this.#isStopped || this.#timers.has(conversationId)) return;
    const cancel = this.#environment.setTimer(delayMs, () => {
      this.#timers.delete(conversationId);
      run();
    });
    this.#timers.set(conversationId, cancel);
  }

  async #settleDown(conversationId: ConversationId): Promise<void> {
    if (!(await this.#isCrowd(conversationId))) return this.#flush(conversationId);
    const waitMs = crowdWindowMs * (1 + randomFraction(this.#environment.provider));
    this.#after(waitMs, conversationId, () => this.#flush(conversationId));
  }

  async #isCrowd(conversationId: ConversationId): Promise<boolean> {
    if (this.#conversations.get(conversationId)?.group === undefined) return false;
    const group = await this.#records.read(groupTable, conversationId).catch(() => undefined);
    return group !== undefined && group.history.head.state.members.length > limits.promptReceiptsMembers;
  }

  #flush(conversationId: ConversationId): void {
    if (this.#isStopped) return;
    for (const each of new Set([conversationId, ...this.#unsent])) {
      const record = this.#conversations.get(each);
      if (record === undefined || this.#sendMarks(record)) this.#unsent.delete(each);
      else this.#unsent.add(each);
    }
  }

  #sendMarks(record: ConversationRecord): boolean {
    const { conversationId, cursor, readSeq, deliveredPending, readPending } = record;
    const sent = this.#sent.get(conversationId) ?? { delivered: 0, read: 0 };
    const marks = { ...sent };
    if (deliveredPending && cursor > sent.delivered) {
      if (!this.#send(conversationId, { type: "message:delivered", conversationId, seq: cursor }))
        return false;
      marks.delivered = cursor;
    }
    if (readPending && readSeq > sent.read) {
      if (!this.#send(conversationId, { type: "message:read", conversationId, seq: readSeq })) return false;
      marks.read = readSeq;
    }
    this.#sent.set(conversationId, marks);
    this.#cancelSettle ??= this.#environment.setTimer(settledMs, () => {
      this.#cancelSettle = undefined;
      void this.#settle();
    });
    return true;
  }

  async #settle(): Promise<void> {
    const sent = [...this.#sent];
    this.#sent.clear();
    try {
      await this.#records.transact(async (transaction) => {
        for (const [conversationId, { delivered, read }] of sent) {
          const record = await transaction.get(conversationTable, conversationId);
          if (record === undefined) continue;
          const deliveredPending = record.deliveredPending && record.cursor > delivered;
          const readPending = record.readPending && record.readSeq > read;
          if (deliveredPending === record.deliveredPending && readPending === record.readPending) continue;
          transaction.put(conversationTable, conversationId, { ...record, deliveredPending, readPending });
        }
      });
    } catch {
      // the marks stay pending and go again with the next socket
    }
  }
}
