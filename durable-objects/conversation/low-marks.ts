/**
 * The two lowest watermarks of a group: what a sender needs to know that everyone else has, or has read, its message. Kept
 * so that a receipt of anyone but the slowest costs nothing.
 */
import type { AccountId, Sequence } from "#schema/ids.ts";
import type { Lowest, LowWatermarks } from "#schema/protocol/receipt.ts";

interface Marked {
  readonly account: AccountId;
  readonly delivered: Sequence;
  readonly read: Sequence;
}

export class LowMarks {
  readonly #members: () => Iterable<Marked>;
  #known: LowWatermarks | undefined;

  constructor(members: () => Iterable<Marked>) {
    this.#members = members;
  }

  /** Undefined without members. */
  get(): LowWatermarks | undefined {
    this.#known ??= lowestOf(this.#members());
    return this.#known;
  }

  /** Someone moved on from `before`. Returns whether the lowest watermarks may have changed. */
  moved(before: Marked): boolean {
    const known = this.#known;
    if (known === undefined) return true;
    const isAmong = isLow(known.delivered, before.delivered) || isLow(known.read, before.read);
    if (isAmong) this.#known = undefined;
    return isAmong;
  }

  /** Someone came or went. */
  forget(): void {
    this.#known = undefined;
  }
}

function isLow({ seq, next }: Lowest, mark: Sequence): boolean {
  return mark <= (next ?? seq);
}

function lowestOf(members: Iterable<Marked>): LowWatermarks | undefined {
  let delivered: Lowest | undefined;
  let read: Lowest | undefined;
  for (const member of members) {
    delivered = lower(delivered, member.account, member.delivered);
    read = lower(read, member.account, member.read);
  }
  return delivered === undefined || read === undefined ? undefined : { delivered, read };
}

function lower(lowest: Lowest | undefined, account: AccountId, seq: Sequence): Lowest {
  if (lowest === undefined) return { account, seq };
  if (seq < lowest.seq) return { account, seq, next: lowest.seq };
  if (lowest.next === undefined || seq < lowest.next) return { ...lowest, next: seq };
  return lowest;
}
