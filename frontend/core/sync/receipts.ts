/** Delivered and read watermarks: sent after what they promise is durable, coalesced, repeated until taken. */
import type { ConversationId } from "#schema/ids.ts";
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import { type ConversationRecord, conversationTable } from "../store/tables.ts";
import type { Conversations } from "./conversations.ts";

/** Watermarks that rise together go as one. */
const windowMs = 30;
/** A socket that lives this long after a watermark was sent has carried it. */
const settledMs = 3_000;

interface Marks {
  readonly delivered: number;
  readonly read: number;
}

export class Receipts {
  readonly #environment: Environment;
  readonly #records: Records;
  readonly #conversations: Conversations;
  readonly #send: (conversationId: ConversationId, frame: object) => boolean;
  readonly #due = new Set<ConversationId>();
  readonly #sent = new Map<ConversationId, Marks>();
  #cancelFlush: (() => void) | undefined;
  #cancelSettle: (() => void) | undefined;

  /** `send` puts a frame on the conversation's socket, or else on the inbox. */
  constructor(
    environment: Environment,
    records: Records,
    conversations: Conversations,
    send: (conversationId: ConversationId, frame: object) => boolean,
  ) {
    this.#environment = environment;
    this.#records = records;
    this.#conversations = conversations;
    this.#send = send;
  }

  /** A watermark of this conversation rose. */
  raise(conversationId: ConversationId): void {
    this.#due.add(conversationId);
    this.#cancelFlush ??= this.#environment.setTimer(windowMs, () => {
      this.#cancelFlush = undefined;
      this.#flush();
    });
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
    this.#cancelFlush?.();
  }

  #flush(): void {
    for (const conversationId of this.#due) {
      const record = this.#conversations.get(conversationId);
      if (record === undefined || this.#sendMarks(record)) this.#due.delete(conversationId);
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
