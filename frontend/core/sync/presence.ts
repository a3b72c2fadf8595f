/** Whether the people on screen are online: asked for while they are looked at, forgotten when answers stop. */
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { Presence as PresenceEvent } from "#schema/protocol/presence.ts";
import type { PresenceView } from "../client-api.ts";
import type { Environment } from "../environment.ts";

/** What was said this long ago is no longer shown. */
const staleMs = 3 * limits.presenceIntervalMs;

export interface PresenceLinks {
  /** Sends on the inbox socket; false when it is not open. */
  readonly send: (frame: object) => boolean;
  readonly peerOf: (conversationId: ConversationId) => AccountId | undefined;
  readonly changed: () => void;
}

export class Presence {
  readonly #environment: Environment;
  readonly #links: PresenceLinks;
  readonly #shown = new Set<ConversationId>();
  readonly #known = new Map<AccountId, { readonly view: PresenceView; readonly atMs: number }>();
  #cancelAsk: (() => void) | undefined;

  constructor(environment: Environment, links: PresenceLinks) {
    this.#environment = environment;
    this.#links = links;
  }

  /** The conversation is on screen, or no longer. */
  show(conversationId: ConversationId, isShown: boolean): void {
    if (isShown === this.#shown.has(conversationId)) return;
    if (isShown) this.#shown.add(conversationId);
    else this.#shown.delete(conversationId);
    this.ask();
  }

  /** Asks now and then regularly, as long as somebody is on screen. */
  ask(): void {
    this.#cancelAsk?.();
    this.#cancelAsk = undefined;
    this.#forgetStale();
    const accounts = [...this.#shown].flatMap((conversationId) => this.#links.peerOf(conversationId) ?? []);
    if (accounts.length === 0) return;
    this.#links.send({ type: "presence:get", accounts: accounts.slice(0, limits.presenceAccounts) });
    this.#cancelAsk = this.#environment.setTimer(limits.presenceIntervalMs, () => this.ask());
  }

  received(presences: readonly PresenceEvent[]): void {
    for (const { account, state, lastSeenMs } of presences) {
      if (state === "online") this.#note(account, { state });
      else if (state === "offline") this.#note(account, { state, lastSeenMs });
      else this.#forget(account);
    }
  }

  /** Something came from them just now. Says nothing about those who hide. */
  active(account: AccountId): void {
    if (this.#known.has(account)) this.#note(account, { state: "online" });
  }

  of(account: AccountId): PresenceView | undefined {
    return this.#known.get(account)?.view;
  }

  stop(): void {
    this.#cancelAsk?.();
    this.#cancelAsk = undefined;
  }

  #note(account: AccountId, view: PresenceView): void {
    const before = this.#known.get(account)?.view;
    this.#known.set(account, { view, atMs: this.#environment.nowMs() });
    if (JSON.stringify(before) !== JSON.stringify(view)) this.#links.changed();
  }

  #forget(account: AccountId): void {
    if (this.#known.delete(account)) this.#links.changed();
  }

  #forgetStale(): void {
    const nowMs = this.#environment.nowMs();
    for (const [account, { atMs }] of this.#known) if (nowMs - atMs >= staleMs) this.#forget(account);
  }
}
