/** The archive of all conversations: a row written twice is one row; it can be down, slow, and lose its answers. */
import type { Archive } from "#durable-objects/conversation/archive.ts";
import type { StoredMessage } from "#durable-objects/conversation/store.ts";
import type { ObjectHost } from "./host.ts";
import type { Sim } from "./sim.ts";

/** The database gives up on a query after this long. */
const hangMs = 30_000;

interface Caller {
  readonly later: ObjectHost["later"];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class SimArchive {
  readonly #rows = new Map<string, Map<number, StoredMessage>>();
  readonly #sim: Sim;

  constructor(sim: Sim) {
    this.#sim = sim;
  }

  rowsOf(conversationId: string): ReadonlyMap<number, StoredMessage> {
    return this.#rows.get(conversationId) ?? new Map();
  }

  /** The archive as one object reaches it: through its gate. */
  reachedBy({ gate, later }: Pick<ObjectHost, "gate" | "later">): Archive {
    return {
      write: (conversationId, messages) =>
        new Promise((resolve, reject) => {
          gate.pass(() => this.#answer(conversationId, messages, { later, resolve, reject }));
        }),
      report: () => Promise.resolve(),
      count: (conversationId, after, upTo) =>
        new Promise((resolve) => {
          const rows = this.rowsOf(conversationId);
          gate.pass(() => resolve([...rows.keys()].filter((seq) => seq > after && seq <= upTo).length));
        }),
    };
  }

  #answer(
    conversationId: string,
    messages: readonly StoredMessage[],
    { later, resolve, reject }: Caller,
  ): void {
    const { faults, random, clock } = this.#sim;
    if (faults.roll("archive_down")) return reject(new Error("archive down"));
    const delayMs = random.below(200);
    clock.after(delayMs, "archive write", () => this.#write(conversationId, messages));
    if (faults.roll("archive_hung")) {
      later(hangMs, "archive gave up", () => reject(new Error("archive hung")));
    } else if (faults.roll("archive_answer_lost")) {
      later(delayMs + 1, "archive silent", () => reject(new Error("answer lost")));
    } else {
      later(delayMs + 1, "archive wrote", resolve);
    }
  }

  #write(conversationId: string, messages: readonly StoredMessage[]): void {
    const rows = this.#rows.get(conversationId) ?? new Map<number, StoredMessage>();
    this.#rows.set(conversationId, rows);
    for (const message of messages) if (!rows.has(message.seq)) rows.set(message.seq, message);
  }
}
