/**
 * Who is online, as far as each may see. It is read off the open sockets in the moment of asking: nothing is stored but
 * when the last device went, and nobody is remembered as looking.
 */
import type { AccountId, DeviceId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { Presence, PresenceAudience, PresenceGet } from "#schema/protocol/presence.ts";
import type { DeviceSocket } from "../support/device-socket.ts";
import { errorEvent } from "../support/error-events.ts";
import { serialise } from "../support/frames.ts";
import type { Sql } from "../support/sql.ts";
import { TokenBucket } from "../support/token-bucket.ts";
import { knownAccount } from "./devices.ts";
import type { Summaries } from "./summaries.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;

export interface PresenceContext {
  readonly sql: Sql;
  readonly now: () => number;
  readonly summaries: Pick<Summaries, "contactWith">;
  /** When any device of this account was last heard on an open socket; 0 without one. */
  readonly heardAtMs: () => number;
  /** Asks another account's inbox. */
  readonly ask: (account: AccountId, viewer: AccountId) => Promise<Presence>;
  readonly onFailure: (error: unknown) => void;
}

export class PresenceDesk {
  readonly #context: PresenceContext;
  /** At most one for each device of the account. */
  readonly #buckets = new Map<DeviceId, TokenBucket>();

  constructor(context: PresenceContext) {
    this.#context = context;
  }

  /** Answers a device's question for others, whom it sees only as far as it lets them see itself. */
  async get(socket: DeviceSocket, { accounts }: PresenceGet): Promise<void> {
    const { account: viewer, device } = socket.identity;
    const waitMs = this.#bucket(device).take(this.#context.now());
    if (waitMs > 0) return socket.send(errorEvent("rate_limited", { retryAfterMs: waitMs }));
    const presences = await Promise.all([...new Set(accounts)].map((account) => this.#look(account, viewer)));
    socket.send(serialise({ type: "presence:state", presences }));
  }

  /** What `viewer` may see of this account. */
  seenBy(own: AccountId, viewer: AccountId): Presence {
    if (!this.#isSharedWith(viewer)) return { account: own, state: "hidden" };
    const nowMs = this.#context.now();
    const heardAtMs = this.#context.heardAtMs();
    if (nowMs - heardAtMs < limits.presenceSilenceMs) return { account: own, state: "online" };
    const lastSeenMs = Math.max(heardAtMs, this.#row().lastSeenMs);
    if (lastSeenMs === 0) return { account: own, state: "offline" };
    return { account: own, state: "offline", lastSeenMs: coarse(lastSeenMs, nowMs) };
  }

  /** Throws `not_found` where no account lives. */
  audience(): PresenceAudience {
    knownAccount(this.#context.sql);
    return this.#row().presence;
  }

  /** Throws `not_found` where no account lives. */
  setAudience(audience: PresenceAudience): void {
    knownAccount(this.#context.sql);
    this.#context.sql.all("UPDATE account SET presence = ?", audience);
  }

  /** A device is going that was last heard then. */
  left(heardAtMs: number): void {
    const toMinuteMs = Math.floor(heardAtMs / minuteMs) * minuteMs;
    this.#context.sql.all("UPDATE account SET last_seen_ms = ?1 WHERE last_seen_ms < ?1", toMinuteMs);
  }

  async #look(account: AccountId, viewer: AccountId): Promise<Presence> {
    if (!this.#isSharedWith(account)) return { account, state: "hidden" };
    try {
      return await this.#context.ask(account, viewer);
    } catch (error) {
      this.#context.onFailure(error);
      return { account, state: "hidden" };
    }
  }

  #isSharedWith(account: AccountId): boolean {
    const contact = this.#context.summaries.contactWith(account);
    if (contact === "none") return false;
    const audience = this.audience();
    return audience === "everyone" || (audience === "contacts" && contact === "accepted");
  }

  #row(): { readonly presence: PresenceAudience; readonly lastSeenMs: number } {
    const row = this.#context.sql.first<{ presence: PresenceAudience; lastSeenMs: number }>(
      "SELECT presence, last_seen_ms AS lastSeenMs FROM account",
    );
    return row ?? { presence: "nobody", lastSeenMs: 0 };
  }

  #bucket(device: DeviceId): TokenBucket {
    let bucket = this.#buckets.get(device);
    if (bucket === undefined) {
      const perSecond = 1000 / limits.presenceRefillMs;
      bucket = new TokenBucket(perSecond, limits.presenceBurst, this.#context.now());
      this.#buckets.set(device, bucket);
    }
    return bucket;
  }
}

/** To the minute within a day, to the day before that. */
function coarse(timeMs: number, nowMs: number): number {
  const stepMs = nowMs - timeMs < dayMs ? minuteMs : dayMs;
  return Math.floor(timeMs / stepMs) * stepMs;
}
