/**
 * Tells each member's inbox where the conversation stands: off the path of an acknowledgement, in rounds, everything
 * since the last one in one call per inbox. What is not confirmed is repeated from an alarm.
 */
import type { AccountId } from "#schema/ids.ts";
import type { InboxRpc } from "#schema/rpc/inbox.ts";
import { unwrap } from "#schema/rpc/result.ts";
import type { Roster } from "../support/device-socket.ts";
import { type LiveDevices, liveDevicesByAccount, NoticeWriter } from "./notice.ts";
import type { MemberState } from "./member-state.ts";
import type { ConversationState } from "./state.ts";
import type { ConversationStore } from "./store.ts";

/**
 * Least time between two rounds: the first message of a burst goes at once, the rest together; longer in large groups, and
 * twice as long after every round that found somebody waiting. A call costs an inbox as much as a message costs the log.
 */
const intervalMs = 50;
const intervalPerMemberMs = 2;
const intervalMaxMs = 800;
/** How long a change may wait that a member's devices know already, or that nobody waits for; longer in large groups. */
const patienceMs = 2_000;
const patiencePerMemberMs = 10;
/** Calls under way at once. */
const parallelCalls = 32;

export interface FanOutContext {
  readonly state: ConversationState;
  readonly store: ConversationStore;
  readonly sockets: Pick<Roster, "all">;
  readonly inboxOf: (member: MemberState) => Pick<InboxRpc, "advance">;
  readonly now: () => number;
  readonly pause: (delayMs: number) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

/** A change to tell. */
export interface FanOutChange {
  /** Devices without the conversation's socket wait for it. */
  readonly isUrgent: boolean;
  /** Somebody may have come or gone: told as soon as the first message of a burst. */
  readonly isOperation?: boolean;
  /** Whom it concerns; everyone unless said. */
  readonly accounts?: readonly AccountId[];
}

/** Counts of changes: told when `confirmed` has reached both. */
interface Progress {
  readonly member: MemberState;
  owed: number;
  owedUrgently: number;
  confirmed: number;
  hasToldSent: boolean;
  telling: Promise<void> | undefined;
}

export class FanOut {
  readonly #context: FanOutContext;
  readonly #notices: NoticeWriter;
  readonly #progress = new Map<AccountId, Progress>();
  readonly #waiting: (() => void)[] = [];
  #calls = 0;
  #live: LiveDevices = new Map();
  /** Counts the changes since the object woke. */
  #revision = 0;
  #owedToAll = 0;
  #owedToAllUrgently = 0;
  #roundAtMs = Infinity;
  #lastRoundMs = -Infinity;
  /** How many rounds have followed the first one of a burst. */
  #rounds = 0;

  /** `isPending`: the object slept before every inbox had confirmed. */
  constructor(context: FanOutContext, isPending: boolean) {
    this.#context = context;
    this.#notices = new NoticeWriter(context.state, context.store);
    if (isPending) this.#owedToAll = this.#revision = 1;
    const { record, lastSeq } = context.state;
    for (const member of context.state.members.values()) {
      member.notified = Math.max(isPending ? record.toldSeq : lastSeq, member.floor);
      this.#follow(member);
    }
  }

  /** When to `finish` after a change. */
  get patienceMs(): number {
    return Math.max(patienceMs, patiencePerMemberMs * this.#context.state.members.size);
  }

  /**
   * Something changed. Those whose devices wait for it hear of it in the next round, the others with `finish`. Takes the same time
   * however many members there are.
   */
  kick({ isUrgent, isOperation = false, accounts }: FanOutChange): void {
    this.#revision += 1;
    if (isOperation) this.#rounds = 0;
    if (accounts === undefined) {
      this.#owedToAll = this.#revision;
      if (isUrgent) this.#owedToAllUrgently = this.#revision;
    } else {
      for (const account of accounts) {
        const member = this.#context.state.members.get(account);
        if (member === undefined) continue;
        const progress = this.#follow(member);
        progress.owed = this.#revision;
        if (isUrgent) progress.owedUrgently = this.#revision;
      }
    }
    if (isUrgent) this.#planNext();
  }

  /** Tells everyone who has not confirmed, at once, and keeps how far they did. Throws while someone has not. */
  async finish(): Promise<void> {
    const { state, store } = this.#context;
    const told = state.lastSeq;
    this.#live = liveDevicesByAccount(this.#context.sockets.all());
    // Twice, for those who are being told something older right now.
    for (let pass = 0; pass < 2; pass += 1) await Promise.all(this.#owed.map((each) => this.#tell(each)));
    const isEveryoneTold = this.#owed.length === 0;
    this.#notices.forget();
    for (const account of this.#progress.keys()) {
      if (!state.members.has(account)) this.#progress.delete(account);
    }
    state.saveProgress(store, isEveryoneTold ? told : state.record.toldSeq);
    if (!isEveryoneTold) throw new Error("an inbox has not confirmed");
  }

  get #intervalMs(): number {
    const shortest = Math.max(intervalMs, intervalPerMemberMs * this.#context.state.members.size);
    return Math.max(shortest, Math.min(intervalMaxMs, shortest * 2 ** this.#rounds));
  }

  get #owed(): readonly Progress[] {
    return [...this.#context.state.members.values()]
      .map((member) => this.#follow(member))
      .filter((progress) => this.#isOwed(progress));
  }

  #planNext(): void {
    const atMs = this.#lastRoundMs + this.#intervalMs;
    if (this.#roundAtMs <= atMs) return;
    // Where nobody has waited for a whole interval, the burst is over.
    this.#rounds = atMs > this.#context.now() ? this.#rounds + 1 : 0;
    this.#roundAtMs = atMs;
    void this.#roundAfter(atMs - this.#context.now(), atMs);
  }

  async #roundAfter(delayMs: number, atMs: number): Promise<void> {
    // Never before the sockets have what the round tells of.
    if (delayMs <= 0) await Promise.resolve();
    else await this.#context.pause(delayMs);
    if (this.#roundAtMs === atMs) this.#round(atMs);
  }

  #round(atMs: number): void {
    this.#roundAtMs = Infinity;
    this.#lastRoundMs = Math.max(atMs, this.#context.now());
    this.#live = liveDevicesByAccount(this.#context.sockets.all());
    for (const member of this.#context.state.members.values()) {
      const progress = this.#follow(member);
      if (this.#isWaiting(progress)) void this.#tell(progress);
    }
  }

  #isOwed(progress: Progress): boolean {
    return Math.max(progress.owed, this.#owedToAll) > progress.confirmed;
  }

  /** Whether a device of the member does not know what it would want to know at once. */
  #isWaiting(progress: Progress): boolean {
    if (Math.max(progress.owedUrgently, this.#owedToAllUrgently) <= progress.confirmed) return false;
    const { member, hasToldSent } = progress;
    return (
      !member.isEveryDeviceIn(this.#live.get(member.account)) ||
      (!hasToldSent && this.#context.state.hasSent(member))
    );
  }

  #follow(member: MemberState): Progress {
    const known = this.#progress.get(member.account);
    // Someone who went and came again is another member.
    if (known?.member === member) return known;
    const hasToldSent = this.#context.state.hasSent(member);
    const progress = { member, owed: 0, owedUrgently: 0, confirmed: 0, hasToldSent, telling: undefined };
    this.#progress.set(member.account, progress);
    return progress;
  }

  /** Tells one inbox, once a call is free. Never fails: what is not confirmed stays owed. */
  #tell(progress: Progress): Promise<void> {
    progress.telling ??= this.#call(progress);
    return progress.telling;
  }

  async #call(progress: Progress): Promise<void> {
    const { member } = progress;
    if (this.#calls < parallelCalls) this.#calls += 1;
    else await new Promise<void>((go) => this.#waiting.push(go));
    const revision = this.#revision;
    const input = this.#notices.write(member, this.#live.get(member.account));
    try {
      unwrap(await this.#context.inboxOf(member).advance(input));
      progress.confirmed = revision;
      progress.hasToldSent ||= input.hasSent;
      member.notified = Math.max(member.notified, input.lastSeq);
    } catch (error) {
      this.#context.onFailure(error);
      return;
    } finally {
      progress.telling = undefined;
      const next = this.#waiting.shift();
      if (next === undefined) this.#calls -= 1;
      else next();
    }
    if (this.#isWaiting(progress)) this.#planNext();
  }
}
