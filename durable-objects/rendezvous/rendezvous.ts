/** The Durable Object where two devices meet. It sees sealed bytes and times, and forgets them after two minutes. */
import { DurableObject } from "cloudflare:workers";
import { migrations } from "#schema/db/rendezvous/migrations.ts";
import { limits } from "#schema/limits.ts";
import type { ReadInput, RendezvousRpc, WriteInput } from "#schema/rpc/rendezvous.ts";
import { answerDone, answerRpc, type RpcResult } from "#schema/rpc/result.ts";
import { durableSql } from "../support/durable-sql.ts";
import { refusal } from "../support/error-events.ts";
import { migrate } from "../support/migrate.ts";
import type { ObjectEnv } from "../support/stubs.ts";
import { Slots } from "./slots.ts";

export class Rendezvous extends DurableObject<ObjectEnv> implements RendezvousRpc {
  readonly #slots: Slots;
  readonly #waiting = new Set<() => void>();

  constructor(context: DurableObjectState, env: ObjectEnv) {
    super(context, env);
    const sql = durableSql(context.storage);
    this.#slots = new Slots({ sql, now: Date.now, migrate: () => migrate(sql, migrations) });
  }

  write(input: WriteInput): Promise<RpcResult<{ expiresAtMs: number }>> {
    return answerRpc(() => {
      const isNew = this.#slots.openedAtMs === undefined;
      const written = this.#slots.write(input);
      if (isNew) void this.ctx.storage.setAlarm(written.expiresAtMs);
      this.#wake();
      return written;
    });
  }

  read({ wait, ...input }: ReadInput): Promise<RpcResult<{ data?: string }>> {
    return answerRpc(async () => {
      let data = this.#slots.read(input);
      if (data === undefined && wait) {
        await this.#change();
        data = this.#slots.read(input);
      }
      return data === undefined ? {} : { data };
    });
  }

  end(): Promise<RpcResult<null>> {
    return answerDone(() => {
      this.#slots.end();
      this.#wake();
    });
  }

  /** First what was written goes, then the memory of the id. */
  override async alarm(): Promise<void> {
    const { openedAtMs } = this.#slots;
    if (openedAtMs === undefined) return;
    const forgottenAtMs = openedAtMs + limits.linkTombstoneMs;
    if (Date.now() >= forgottenAtMs) return this.ctx.storage.deleteAll();
    this.#slots.end();
    this.#wake();
    await this.ctx.storage.setAlarm(forgottenAtMs);
  }

  /** Resolves when something was written or ended, after `linkWaitMs` at the latest. */
  #change(): Promise<void> {
    if (this.#waiting.size >= limits.linkWaiters) throw refusal("rate_limited");
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, limits.linkWaitMs);
      this.#waiting.add(done);
    });
  }

  #wake(): void {
    for (const done of this.#waiting) done();
  }
}
