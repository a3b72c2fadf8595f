/**
 * Many named alarms over the one alarm that an object has. A name keeps its row until its handler has succeeded, so
 * an alarm that fails or is cut off runs again; handlers must bear running twice.
 */
import type { Sql } from "./sql.ts";

export type AlarmHandler = () => void | Promise<void>;

/** Delay before the attempt after `attempts` failures: 1 s, 2 s, 4 s … 5 min. */
export function backoffMs(attempts: number): number {
  return Math.min(1000 * 2 ** Math.min(attempts, 20), 300_000);
}

export class Alarms<Name extends string> {
  readonly #sql: Sql;
  readonly #setAlarm: (atMs: number) => void;
  readonly #now: () => number;
  readonly #dueMs: Map<string, number>;
  /** Handlers now running, with the time they asked to run again. */
  readonly #running = new Map<string, number | undefined>();

  constructor(sql: Sql, setAlarm: (atMs: number) => void, now: () => number) {
    this.#sql = sql;
    this.#setAlarm = setAlarm;
    this.#now = now;
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
    const earliest = this.#earliest();
    this.#save(name, atMs, 0);
    if (atMs < earliest) this.#setAlarm(atMs);
  }

  /** Runs everything due, one after another, and sets the next alarm. A failing handler delays only itself. */
  async run(
    handlers: Readonly<Record<Name, AlarmHandler>>,
    onFailure: (name: Name, error: unknown) => void,
  ): Promise<void> {
    for (const name of Object.keys(handlers) as Name[]) {
      const due = this.#dueMs.get(name);
      if (due === undefined || due > this.#now() || this.#running.has(name)) continue;
      await this.#runOne(name, handlers[name], onFailure);
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
      this.#save(name, this.#now() + backoffMs(attempts), attempts);
      onFailure(name, failure.error);
    } else if (again !== undefined) {
      this.#save(name, again, 0);
    } else {
      this.#dueMs.delete(name);
      this.#sql.all("DELETE FROM alarms WHERE name = ?", name);
    }
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
