/** Capsules at rest: those of messages that were committed together in as few rows as fit. */
import type { Sequence } from "#schema/ids.ts";
import { packBytes, unpackBytes } from "../support/packed-bytes.ts";
import type { Sql, SqlValue } from "../support/sql.ts";
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
      const places: string[] = [];
      const data: string[] = [];
      for (const { seq, capsules } of packed) {
        for (const [device, capsule] of Object.entries(capsules)) {
          places.push(`${seq}.${device}.${capsule.length}`);
          data.push(capsule);
        }
      }
      if (data.length === 0) continue;
      this.#sql.all(
        "INSERT INTO capsules VALUES (?, ?, ?, ?, ?)",
        first.seq,
        last.seq,
        first.serverTimeMs,
        packBytes(data),
        places.join(","),
      );
    }
  }

  /** Looks up the capsules still kept of messages from `first` to `last`. */
  between(first: Sequence, last: Sequence): (seq: Sequence) => Capsules {
    const rows = this.#sql.all<StoredRow>(
      `SELECT data, places FROM capsules
       WHERE first_seq >= coalesce((SELECT max(first_seq) FROM capsules WHERE first_seq <= ?), 0) AND first_seq <= ?`,
      first,
      last,
    );
    const bySeq = new Map<Sequence, Capsules>();
    for (const row of rows) for (const [seq, capsules] of read(row)) bySeq.set(seq, capsules);
    return (seq) => bySeq.get(seq) ?? none;
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
    const rows = this.#sql.all<StoredRow>(
      "SELECT data, places FROM capsules WHERE last_seq > ? AND first_seq <= ?",
      upTo,
      lastFirst,
    );
    return rows.flatMap((row) => [...read(row).keys()]).filter((seq) => seq > upTo).length;
  }
}

/** `places` is of each capsule, separated by commas: sequence number, account, device and length in base64url, with dots between. */
interface StoredRow extends Record<string, SqlValue> {
  /** The JSON of an object from sequence number to `Capsules` where it was written before capsules were kept as bytes. */
  readonly data: string | ArrayBuffer | Uint8Array<ArrayBuffer>;
  readonly places: string;
}

/** Written by `append` alone. */
function read({ data, places }: StoredRow): Map<Sequence, Capsules> {
  if (typeof data === "string") {
    const bySeq = Object.entries(JSON.parse(data) as Record<string, Capsules>);
    return new Map(bySeq.map(([seq, capsules]) => [Number(seq), capsules]));
  }
  const parts = places.split(",").map((place) => place.split("."));
  const texts = unpackBytes(
    data,
    parts.map(([, , , chars]) => Number(chars)),
  );
  const bySeq = new Map<Sequence, Record<string, string>>();
  parts.forEach(([seq, account, device], index) => {
    const capsules = bySeq.get(Number(seq)) ?? {};
    bySeq.set(Number(seq), capsules);
    capsules[`${account}.${device}`] = texts[index] ?? "";
  });
  return bySeq;
}
