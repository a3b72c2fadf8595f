/** The log at rest: messages that were committed together share a row. */
import type { AccountId, ClientMessageId, Sequence } from "#schema/ids.ts";
import { type MessagePack, packMessages, unpackMessages } from "#schema/db/message-pack.ts";
import { packBytes, unpackBytes } from "../support/packed-bytes.ts";
import type { Sql, SqlValue } from "../support/sql.ts";
import type { StoredMessage } from "./store.ts";

/** What is known of a message without its body. */
export type LogHead = Omit<StoredMessage, "body" | "clientMessageId">;

export class LogTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  append(messages: readonly StoredMessage[]): void {
    for (const { firstSeq, lastSeq, ids, heads, bodies } of packMessages(messages, encodeHead)) {
      this.#sql.all(
        "INSERT INTO log VALUES (?, ?, ?, ?, ?)",
        firstSeq,
        lastSeq,
        ids,
        heads,
        packBytes(bodies),
      );
    }
  }

  /** Messages from `first` to `last` as far as they are there, ascending. */
  between(first: Sequence, last: Sequence): StoredMessage[] {
    return this.#rows<StoredPack>("first_seq AS firstSeq, ids, heads, bodies", first, last).flatMap((pack) =>
      unpackMessages({ ...pack, bodies: bodiesOf(pack) }, [first, last], decodeHead),
    );
  }

  /** As `between`, without what is long. */
  headsBetween(first: Sequence, last: Sequence): LogHead[] {
    const all: LogHead[] = [];
    for (const { firstSeq, heads } of this.#rows<Pick<MessagePack, "firstSeq" | "heads">>(
      "first_seq AS firstSeq, heads",
      first,
      last,
    )) {
      heads.split(",").forEach((text, index) => {
        const seq = firstSeq + index;
        if (seq >= first && seq <= last) all.push({ ...decodeHead(text), seq });
      });
    }
    return all;
  }

  /** Ids of the messages from `first` to `last` as far as they are there, ascending. */
  idsBetween(first: Sequence, last: Sequence): { readonly seq: Sequence; readonly id: ClientMessageId }[] {
    const rows = this.#rows<Pick<StoredPack, "firstSeq" | "ids">>("first_seq AS firstSeq, ids", first, last);
    return rows
      .flatMap(({ firstSeq, ids }) =>
        ids.split(",").map((id, index) => ({ seq: firstSeq + index, id: id as ClientMessageId })),
      )
      .filter(({ seq }) => seq >= first && seq <= last);
  }

  #rows<Columns extends Partial<StoredPack>>(columns: string, first: Sequence, last: Sequence): Columns[] {
    return this.#sql.all<Columns & Record<string, SqlValue>>(
      `SELECT ${columns} FROM log
       WHERE first_seq >= coalesce((SELECT max(first_seq) FROM log WHERE first_seq <= ?), 0) AND first_seq <= ?
       ORDER BY first_seq`,
      first,
      last,
    );
  }

  /** 0 while nothing is there. */
  lastSeq(): Sequence {
    const row = this.#sql.first<{ last: number }>(
      "SELECT last_seq AS last FROM log ORDER BY first_seq DESC LIMIT 1",
    );
    return row?.last ?? 0;
  }

  /** Deletes what is up to `upTo`. */
  prune(upTo: Sequence): void {
    const last = this.#sql.first<{ last: number }>(
      "SELECT last_seq AS last FROM log WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1",
      upTo,
    )?.last;
    const kept = last === undefined ? [] : this.between(upTo + 1, last);
    this.#sql.all("DELETE FROM log WHERE first_seq <= ?", upTo);
    this.append(kept);
  }
}

/** A row as it is read; `bodies` is a list with commas where it was written before bodies were kept as bytes. */
interface StoredPack extends Pick<MessagePack, "firstSeq" | "ids" | "heads"> {
  readonly bodies: string | ArrayBuffer | Uint8Array<ArrayBuffer>;
}

function bodiesOf({ heads, bodies }: StoredPack): string[] {
  if (typeof bodies === "string") return bodies.split(",");
  const chars = heads.split(",").map((head) => Number(head.slice(head.lastIndexOf(".") + 1)));
  return unpackBytes(bodies, chars);
}

/** The length of the body comes last. */
function encodeHead(message: StoredMessage): string {
  const { senderAccount, senderDevice, serverTimeMs, content, silentCount, devices, body } = message;
  return `${senderAccount}.${senderDevice}.${serverTimeMs}.${content}.${silentCount}.${devices}.${body.length}`;
}

/** Written by `encodeHead` alone. */
function decodeHead(text: string): Omit<LogHead, "seq"> {
  const [account = "", device, timeMs, content, silentCount, devices] = text.split(".");
  return {
    senderAccount: account as AccountId,
    senderDevice: Number(device),
    serverTimeMs: Number(timeMs),
    content: content === "1" ? 1 : 0,
    silentCount: Number(silentCount),
    devices: Number(devices),
  };
}
