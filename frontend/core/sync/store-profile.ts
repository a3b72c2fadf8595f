/**
 * Counts the connections of this store at the server (CRYPTO 2.12), so that a store that was put back (attack 38) or runs on two machines
 * (attack 39) notices before it seals anything.
 */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { DownEvent } from "#schema/protocol/down.ts";
import type { Environment } from "../environment.ts";
import { storeProfileKey, storeProfileTable, type StoreProfileRecord } from "../store/own-tables.ts";
import type { Records } from "../store/records.ts";
import type { LinkState } from "./connection.ts";
import type { Self } from "./self.ts";
import { renewAllKeys } from "./went-back.ts";

const retryAfterFaultMs = 5_000;

export class StoreProfile {
  readonly #environment: Environment;
  readonly #records: Records;
  readonly #self: Self;
  readonly #links: {
    /** Puts a frame on the inbox socket. */
    readonly send: (frame: object) => unknown;
    /** From now on sealing is safe. */
    readonly clear: () => void;
    /** Another copy is in use, or no longer keeps this one out. */
    readonly elsewhere: () => void;
    /** Leaves the session to the other copy, or takes one again. */
    readonly hold: (isHeld: boolean) => void;
  };
  #isClear = false;
  #isRenewing = false;
  #isStopped = false;
  #isReplaced = false;

  constructor(
    environment: Environment,
    records: Records,
    self: Self,
    links: {
      readonly send: (frame: object) => unknown;
      readonly clear: () => void;
      readonly elsewhere: () => void;
      readonly hold: (isHeld: boolean) => void;
    },
  ) {
    this.#environment = environment;
    this.#records = records;
    this.#self = self;
    this.#links = links;
  }

  /** Nothing is sealed before the server has said that this store is not behind. */
  get isClear(): boolean {
    return this.#isClear;
  }

  /** Another copy has taken this one's place, and keeps it until the person goes on here. */
  get isReplaced(): boolean {
    return this.#isReplaced;
  }

  /**
   * Another store connects as this device: nothing more is sealed until the server has said what to do. With `isTaken` this copy stays
   * away: two that take each other's place would do so without end.
   */
  doubt(isTaken: boolean): void {
    this.#isClear = false;
    if (!isTaken) return;
    this.#isReplaced = true;
    this.#links.hold(true);
    this.#links.elsewhere();
  }

  /** The inbox's connection as the person is told of it: a copy that stays away is not trying. */
  shown(link: LinkState): LinkState {
    return this.#isReplaced ? { state: "idle" } : link;
  }

  /** The person goes on here: whoever else is connected has to go. */
  goOn(): void {
    if (!this.#isReplaced) return;
    this.#isReplaced = false;
    this.#links.hold(false);
    this.#links.elsewhere();
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** The inbox socket is open: the epoch is durable before it goes. */
  async connect(): Promise<void> {
    try {
      const { id, epoch } = await this.#change((before) => ({ ...before, epoch: before.epoch + 1 }));
      this.#links.send({ type: "inbox:resume", profile: { id, epoch } });
    } catch {
      this.#later(() => this.connect());
    }
  }

  heard(events: readonly DownEvent[]): void {
    for (const event of events) {
      if (event.type === "profile:copied") {
        if (event.reason === "epoch_behind") void this.#renew();
        else void this.#noteElsewhere();
      } else if (event.type === "inbox:state" && !event.more && !this.#isRenewing && !this.#isClear) {
        this.#isClear = true;
        this.#links.clear();
      }
    }
  }

  /** Every key that another state of this store may have used is given up, together with the name that both have. */
  async #renew(): Promise<void> {
    this.#isRenewing = true;
    try {
      await this.#records.transact(async (transaction) => {
        const before = await transaction.get(storeProfileTable, storeProfileKey);
        await renewAllKeys(transaction, this.#self.nowMs());
        transaction.put(storeProfileTable, storeProfileKey, { ...before, ...this.#fresh() });
      });
      this.#isRenewing = false;
      await this.connect();
    } catch {
      this.#later(() => this.#renew());
    }
  }

  async #noteElsewhere(): Promise<void> {
    try {
      await this.#change((before) => ({ ...before, elsewhereAtMs: this.#self.nowMs() }));
      this.#links.elsewhere();
    } catch {
      // the server says so again with the next connection
    }
  }

  #change(change: (before: StoreProfileRecord) => StoreProfileRecord): Promise<StoreProfileRecord> {
    return this.#records.transact(async (transaction) => {
      const after = change((await transaction.get(storeProfileTable, storeProfileKey)) ?? this.#fresh());
      transaction.put(storeProfileTable, storeProfileKey, after);
      return after;
    });
  }

  #fresh(): StoreProfileRecord {
    return { id: encodeBase64url(this.#self.provider.random(16)), epoch: 0 };
  }

  #later(work: () => Promise<void>): void {
    this.#environment.setTimer(retryAfterFaultMs, () => {
      if (!this.#isStopped) void work();
    });
  }
}
