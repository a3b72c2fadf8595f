/** Capsules at rest: those of messages that were committed together in as few rows as fit. */
import type { Sequence } from "#schema/ids.ts";
import type { Sql } from "../support/sql.ts";
import type { Capsules, MessageWithCapsules, SweepQuery, Swept } from "./store.ts";

/** Messages whose capsules share a row: what one reader has to parse to get one of them. */
const packedMessages = 64;

const none: Capsules = {};

export class CapsuleTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  append(messages: readonly MessageWithCapsules[]): void {
    for (let start = 0; start < messages.length; start += packedMessages) {
      const packed = messages.slice(start, start + packedMessages);
      const [first, last] = [packed[0], packed.at(-1)];
      if (first === undefined || last === undefined) return;
      const filled = packed.filter(({ capsules }) => Object.keys(capsules).length > 0);
      if (filled.length === 0) continue;
      this.#sql.all(
        "INSERT INTO capsules VALUES (?, ?, ?, ?)",
        first.seq,
        last.seq,
        first.serverTimeMs,
        `{${filled.map(toJson).join(",")}}`,
      );
    }
  }

  /** Looks up the capsules still kept of messages from `first` to `last`. */
  between(first: Sequence, last: Sequence): (seq: Sequence) => Capsules {
    const rows = this.#sql.all<{ data: string }>(
      `SELECT data FROM capsules
       WHERE first_seq >= coalesce((SELECT max(first_seq) FROM capsules WHERE first_seq <= ?), 0) AND first_seq <= ?`,
      first,
      last,
    );
    const bySeq = new Map<string, Capsules>();
    for (const { data } of rows) for (const [seq, capsules] of parse(data)) bySeq.set(seq, capsules);
    return (seq) => bySeq.get(String(seq)) ?? none;
  }

  /** Deletes the oldest rows as far as they are due: those up to `upTo` and those older than `olderThanMs`. */
  sweep({ upTo, olderThanMs, limit }: SweepQuery): Swept {
    const oldest = this.#sql.all<{ firstSeq: number; lastSeq: number; serverTimeMs: number }>(
      `SELECT first_seq AS firstSeq, last_seq AS lastSeq, server_time_ms AS serverTimeMs
       FROM capsules ORDER BY first_seq LIMIT ?`,
      limit + 1,
    );
    let messages = 0;
    const kept = oldest.findIndex(({ firstSeq, lastSeq, serverTimeMs }, index) => {
      messages += lastSeq - firstSeq + 1;
      return (index > 0 && messages > limit) || (lastSeq > upTo && serverTimeMs >= olderThanMs);
    });
    const last = kept === -1 ? oldest.at(-1) : oldest[kept - 1];
    const left = kept === -1 ? undefined : oldest[kept];
    if (last === undefined) return { lost: 0, oldest: left };
    const lost = last.lastSeq > upTo ? this.#unacknowledged(upTo, last.firstSeq) : 0;
    this.#sql.all("DELETE FROM capsules WHERE first_seq <= ?", last.firstSeq);
    return { lost, oldest: left };
  }

  /** Messages above `upTo` with capsules, of rows that begin at `lastFirst` at the latest. */
  #unacknowledged(upTo: Sequence, lastFirst: Sequence): number {
    const row = this.#sql.first<{ count: number }>(
      `SELECT count(*) AS count FROM capsules, json_each(capsules.data)
       WHERE last_seq > ?1 AND first_seq <= ?2 AND CAST(json_each.key AS INTEGER) > ?1`,
      upTo,
      lastFirst,
    );
    return row?.count ?? 0;
  }
}

/** Keys and capsules have no character that JSON escapes; without looking for one this takes a quarter of the time. */
function toJson({ seq, capsules }: MessageWithCapsules): string {
  const fields = Object.entries(capsules).map(([key, data]) => `"${key}":"${data}"`);
  return `"${seq}":{${fields.join(",")}}`;
}

/** Written by `append` alone. */
function parse(data: string): [string, Capsules][] {
  return Object.entries(JSON.parse(data) as Record<string, Capsules>);
}
