/**
 * Message ids at rest, for recognising a send that comes a second time. They are random: an index over them would write a page
 * of its own for every message. So they stand in rows of many, in the order of the log, and are read into memory when the
 * first message comes after waking.
 */
import type { ClientMessageId, Sequence } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { Sql } from "../support/sql.ts";
import type { StoredMessage } from "./store.ts";

/** Ids of one row, which fill most of a page. */
const rowIds = 128;

const rowOf = (seq: Sequence): number => Math.floor((seq - 1) / rowIds);

export class IdTable {
  readonly #sql: Sql;
  #seqsById: Map<ClientMessageId, readonly Sequence[]> | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** `messages` follow the last ones without a hole. */
  append(messages: readonly StoredMessage[]): void {
    for (let start = 0; start < messages.length;) {
      const { seq } = messages[start]!;
      const place = (seq - 1) % rowIds;
      const ids = messages.slice(start, start + rowIds - place).map(({ clientMessageId }) => clientMessageId);
      this.#sql.all(
        "INSERT INTO ids VALUES (?1, ?2 || ?3) ON CONFLICT DO UPDATE SET ids = ids || ',' || ?3",
        rowOf(seq),
        ",".repeat(place),
        ids.join(","),
      );
      start += ids.length;
    }
    const known = this.#seqsById;
    if (known === undefined) return;
    for (const { clientMessageId, seq } of messages) remember(known, clientMessageId, seq);
    // Read anew when it is needed, without those that are old by now.
    if (known.size > 2 * limits.repeatMessages) this.#seqsById = undefined;
  }

  /**
   * Where these ids may stand among the newest `limits.repeatMessages` of the log: also where a write was taken back, and where
   * the message has been pruned.
   */
  placesOf(ids: readonly ClientMessageId[]): Sequence[] {
    const known = (this.#seqsById ??= this.#read());
    return ids.flatMap((id) => known.get(id) ?? []);
  }

  #read(): Map<ClientMessageId, readonly Sequence[]> {
    const known = new Map<ClientMessageId, readonly Sequence[]>();
    const rows = this.#sql.all<{ row: number; ids: string }>(
      "SELECT row, ids FROM ids WHERE row >= (SELECT max(row) FROM ids) - ? ORDER BY row",
      Math.ceil(limits.repeatMessages / rowIds),
    );
    for (const { row, ids } of rows) {
      ids.split(",").forEach((id, index) => {
        if (id !== "") remember(known, id as ClientMessageId, row * rowIds + index + 1);
      });
    }
    return known;
  }

  /** Deletes rows of which every message is at most `upTo`. */
  prune(upTo: Sequence): void {
    this.#sql.all("DELETE FROM ids WHERE row < ?", rowOf(upTo + 1));
    this.#seqsById = undefined;
  }
}

function remember(
  known: Map<ClientMessageId, readonly Sequence[]>,
  id: ClientMessageId,
  seq: Sequence,
): void {
  const others = known.get(id);
  known.set(id, others === undefined ? [seq] : [...others, seq]);
}
