/**
 * Many named alarms over the one alarm that an object has. A name keeps its row until its handler has succeeded, so
 * an alarm that fails or is cut off runs again; handlers must bear running twice, and beside one another.
 */
import type { Sql } from "./sql.ts";

export type AlarmHandler = () => void | Promise<void>;

/**
 * The platform starts no alarm while one runs. A round that waits for a handler longer than this ends without it, so
 * that a call that hangs delays nobody else; the handler goes on.
 */
export const patienceMs = 2_000;
/** An alarm whose handler outlived its round is due again after this, in case the object dies with it. */
export const leaseMs = 60_000;

/** Runs `run` after `delayMs` unless the function it returns is called first. */
export type After = (delayMs: number, run: () => void) => () => void;

/** Delay before the attempt after `attempts` failures: 1 s, 2 s, 4 s … 5 min. */
export function backoffMs(attempts: number): number {
  return Math.min(1000 * 2 ** Math.min(attempts, 20), 300_000);
}

export class Alarms<Name extends string> {
  readonly #sql: Sql;
  readonly #setAlarm: (atMs: number) => void;
  readonly #now: () => number;
  readonly #after: After;
  readonly #dueMs: Map<string, number>;
  /** Handlers now running, with the time they asked to run again. */
  readonly #running = new Map<string, number | undefined>();

  constructor(sql: Sql, setAlarm: (atMs: number) => void, now: () => number, after: After = afterTimeout) {
    this.#sql = sql;
    this.#setAlarm = setAlarm;
    this.#now = now;
    this.#after = after;
    const rows = sql.all<{ name: string; at_ms: number }>("SELECT name, at_ms FROM alarms");
    this.#dueMs = new Map(rows.map((row) => [row.name, row.at_ms]));
  }

  isPending(name: Name): boolean {
    return this.#dueMs.has(name);
  }

  /** Runs `name` at `atMs`, or earlier when it is already due earlier. */
  schedule(name: Name, atMs: number): void {
    if (this.#running.has(name)) {
      this.#running.set(name, Math.min(atMs, this.#running.get(name) ?? atMs));
      return;
    }
    if ((this.#dueMs.get(name) ?? Infinity) <= atMs) return;
    this.#plan(name, atMs, 0);
  }

  /** Starts everything due, side by side, and sets the next alarm. A handler that fails or hangs delays only itself. */
  async run(
    handlers: Readonly<Record<Name, AlarmHandler>>,
    onFailure: (name: Name, error: unknown) => void,
  ): Promise<void> {
    const started: Promise<void>[] = [];
    for (const name of Object.keys(handlers) as Name[]) {
      const due = this.#dueMs.get(name);
      if (due === undefined || due > this.#now() || this.#running.has(name)) continue;
      started.push(this.#runOne(name, handlers[name], onFailure));
    }
    if (started.length > 0) await this.#atMostPatience(Promise.all(started));
    for (const name of this.#running.keys()) {
      if ((this.#dueMs.get(name) ?? Infinity) <= this.#now()) {
        this.#save(name, this.#now() + leaseMs, this.#attempts(name));
      }
    }
    const earliest = this.#earliest();
    if (earliest !== Infinity) this.#setAlarm(earliest);
  }

  async #runOne(name: Name, handler: AlarmHandler, onFailure: (name: Name, error: unknown) => void) {
    this.#running.set(name, undefined);
    let failure: { readonly error: unknown } | undefined;
    try {
      await handler();
    } catch (error) {
      failure = { error };
    }
    const again = this.#running.get(name);
    this.#running.delete(name);
    if (failure !== undefined) {
      const attempts = this.#attempts(name) + 1;
      this.#plan(name, this.#now() + backoffMs(attempts), attempts);
      onFailure(name, failure.error);
    } else if (again !== undefined) {
      this.#plan(name, again, 0);
    } else {
      this.#dueMs.delete(name);
      this.#sql.all("DELETE FROM alarms WHERE name = ?", name);
    }
  }

  async #atMostPatience(work: Promise<unknown>): Promise<void> {
    let cancel = (): void => undefined;
    const patience = new Promise<void>((resolve) => {
      cancel = this.#after(patienceMs, resolve);
    });
    await Promise.race([work, patience]);
    cancel();
  }

  /** The object's alarm is for the earliest row; in a round, where that one is overdue, it is set at the end. */
  #plan(name: string, atMs: number, attempts: number): void {
    const earliest = this.#earliest();
    this.#save(name, atMs, attempts);
    if (atMs < earliest) this.#setAlarm(atMs);
  }

  #attempts(name: string): number {
    return (
      this.#sql.all<{ attempts: number }>("SELECT attempts FROM alarms WHERE name = ?", name)[0]?.attempts ??
      0
    );
  }

  #earliest(): number {
    return Math.min(Infinity, ...this.#dueMs.values());
  }

  #save(name: string, atMs: number, attempts: number): void {
    this.#dueMs.set(name, atMs);
    this.#sql.all(
      `INSERT INTO alarms (name, at_ms, attempts) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET at_ms = excluded.at_ms, attempts = excluded.attempts`,
      name,
      atMs,
      attempts,
    );
  }
}

function afterTimeout(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}
