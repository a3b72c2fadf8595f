/** Typing marks: own ones throttled and stopped by themselves, others' expire. */
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { Environment } from "../environment.ts";

/** A start is repeated at most this often while someone goes on typing. */
const repeatMs = 3_000;
/** Nothing typed for this long: stopped. */
const quietMs = 5_000;

/** Who began last. */
interface OtherMark {
  readonly account: AccountId;
  readonly cancelExpiry: () => void;
}

interface OwnMark {
  readonly startedAtMs: number;
  readonly cancelStop: () => void;
}

export class Typing {
  readonly #environment: Environment;
  readonly #send: (conversationId: ConversationId, frame: object) => void;
  readonly #changed: (conversationId: ConversationId, typing: boolean) => void;
  readonly #own = new Map<ConversationId, OwnMark>();
  readonly #others = new Map<ConversationId, OtherMark>();

  constructor(
    environment: Environment,
    send: (conversationId: ConversationId, frame: object) => void,
    changed: (conversationId: ConversationId, typing: boolean) => void,
  ) {
    this.#environment = environment;
    this.#send = send;
    this.#changed = changed;
  }

  /** The person types, or stopped. */
  set(conversationId: ConversationId, typing: boolean): void {
    const before = this.#own.get(conversationId);
    before?.cancelStop();
    if (!typing) {
      if (this.#own.delete(conversationId))
        this.#send(conversationId, { type: "typing:stop", conversationId });
      return;
    }
    const nowMs = this.#environment.nowMs();
    const isDue = before === undefined || nowMs - before.startedAtMs >= repeatMs;
    if (isDue) this.#send(conversationId, { type: "typing:start", conversationId });
    const startedAtMs = isDue ? nowMs : before.startedAtMs;
    const cancelStop = this.#environment.setTimer(quietMs, () => this.set(conversationId, false));
    this.#own.set(conversationId, { startedAtMs, cancelStop });
  }

  /** Somebody else types, or stopped. */
  received(conversationId: ConversationId, account: AccountId, typing: boolean): void {
    const before = this.#others.get(conversationId);
    if (!typing && before?.account !== account) return;
    before?.cancelExpiry();
    if (typing) {
      const cancelExpiry = this.#environment.setTimer(limits.typingMs, () =>
        this.received(conversationId, account, false),
      );
      this.#others.set(conversationId, { account, cancelExpiry });
    } else {
      this.#others.delete(conversationId);
    }
    if (before?.account !== (typing ? account : undefined)) this.#changed(conversationId, typing);
  }

  /** Who types, as far as that is known. */
  typist(conversationId: ConversationId): AccountId | undefined {
    return this.#others.get(conversationId)?.account;
  }

  stop(): void {
    for (const { cancelStop } of this.#own.values()) cancelStop();
    for (const { cancelExpiry } of this.#others.values()) cancelExpiry();
    this.#own.clear();
    this.#others.clear();
  }
}
