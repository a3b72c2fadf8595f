/**
 * Message ids at rest, for recognising a send that comes a second time. They are random: an index over them would write a page
 * of its own for every message. So they stand in rows of many, in the order of the log, each written once when the log has all of
 * its messages. Ids of the newest ones are in the log alone. All are read into memory when the first message comes after waking.
 */
import type { ClientMessageId, Sequence } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { Sql } from "../support/sql.ts";
import type { LogTable } from "./log-table.ts";
import type { StoredMessage } from "./store.ts";

/** Ids of one row, which fill most of a page. */
const rowIds = 128;

/** How many rows are full with a log that ends with `last`. */
const fullRows = (last: Sequence): number => Math.floor(last / rowIds);

export class IdTable {
  readonly #sql: Sql;
  readonly #log: LogTable;
  #seqsById: Map<ClientMessageId, readonly Sequence[]> | undefined;

  constructor(sql: Sql, log: LogTable) {
    this.#sql = sql;
    this.#log = log;
  }

  /** `messages` are the newest of the log, which has them already. */
  append(messages: readonly StoredMessage[]): void {
    const [first, last] = [messages[0], messages.at(-1)];
    if (first === undefined || last === undefined) return;
    for (let row = fullRows(first.seq - 1); row < fullRows(last.seq); row += 1) this.#write(row);
    const known = this.#seqsById;
    if (known === undefined) return;
    for (const { clientMessageId, seq } of messages) remember(known, clientMessageId, seq);
    // Read anew when it is needed, without those that are old by now.
    if (known.size > 2 * limits.repeatMessages) this.#seqsById = undefined;
  }

  #write(row: number): void {
    const before = row * rowIds;
    const ids = Array.from({ length: rowIds }, () => "");
    for (const { seq, id } of this.#log.idsBetween(before + 1, before + rowIds)) ids[seq - before - 1] = id;
    this.#sql.all("INSERT OR REPLACE INTO ids VALUES (?, ?)", row, ids.join(","));
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
    const last = this.#log.lastSeq();
    const full = fullRows(last);
    const rows = this.#sql.all<{ row: number; ids: string }>(
      "SELECT row, ids FROM ids WHERE row >= ? AND row < ? ORDER BY row",
      full - Math.ceil(limits.repeatMessages / rowIds),
      full,
    );
    for (const { row, ids } of rows) {
      ids.split(",").forEach((id, index) => {
        if (id !== "") remember(known, id as ClientMessageId, row * rowIds + index + 1);
      });
    }
    for (const { seq, id } of this.#log.idsBetween(full * rowIds + 1, last)) remember(known, id, seq);
    return known;
  }

  /** Deletes rows of which every message is at most `upTo`. */
  prune(upTo: Sequence): void {
    this.#sql.all("DELETE FROM ids WHERE row < ?", fullRows(upTo));
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
