/**
 * The storage of one simulated object: SQLite in memory with the real migrations, where a commit is true only after
 * the disk was flushed. A crash takes back everything since; databases are reused from seed to seed.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { migrate } from "#durable-objects/support/migrate.ts";
import type { Sql, SqlRow, SqlBinding } from "#durable-objects/support/sql.ts";
import { migrationsOf } from "#test/support/node-sql.ts";

type Kind = "conversation" | "inbox";

interface Database {
  readonly kind: Kind;
  readonly handle: DatabaseSync;
  readonly statements: Map<string, StatementSync>;
}

const idle: Record<Kind, Database[]> = { conversation: [], inbox: [] };

export class SimDisk implements Sql {
  readonly #database: Database;
  readonly #failsCommit: () => boolean;
  readonly #onDirty: () => void;
  #isDirty = false;

  /** `onDirty`: something was written that a flush has to make true. */
  constructor(kind: Kind, failsCommit: () => boolean, onDirty: () => void) {
    this.#database = idle[kind].pop() ?? openDatabase(kind);
    this.#failsCommit = failsCommit;
    this.#onDirty = onDirty;
    this.#run("BEGIN");
    this.#run("SAVEPOINT disk");
  }

  all<Row extends SqlRow>(text: string, ...bindings: readonly SqlBinding[]): Row[] {
    if (!/^\s*SELECT/i.test(text)) this.touch();
    return this.#statement(text).all(...bindings) as unknown as Row[];
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the columns
  first<Row extends SqlRow>(text: string, ...bindings: readonly SqlBinding[]): Row | undefined {
    return this.all<Row>(text, ...bindings)[0];
  }

  transaction<Result>(work: () => Result): Result {
    this.#run("SAVEPOINT work");
    try {
      const result = work();
      if (this.#failsCommit()) throw new Error("disk full");
      this.#run("RELEASE work");
      return result;
    } catch (error) {
      this.#run("ROLLBACK TO work");
      this.#run("RELEASE work");
      throw error;
    }
  }

  get isDirty(): boolean {
    return this.#isDirty;
  }

  touch(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#onDirty();
  }

  /** Everything written so far survives a crash from now on. */
  flush(): void {
    this.#isDirty = false;
    this.#run("RELEASE disk");
    this.#run("SAVEPOINT disk");
  }

  /** Takes back what was not flushed. */
  crash(): void {
    this.#isDirty = false;
    this.#run("ROLLBACK TO disk");
  }

  /** The run is over: the database is empty again and free for the next one. */
  release(): void {
    this.#run("ROLLBACK");
    idle[this.#database.kind].push(this.#database);
  }

  #run(text: string): void {
    this.#statement(text).run();
  }

  #statement(text: string): StatementSync {
    const { handle, statements } = this.#database;
    let statement = statements.get(text);
    if (statement === undefined) {
      statement = handle.prepare(text);
      statements.set(text, statement);
    }
    return statement;
  }
}

function openDatabase(kind: Kind): Database {
  const handle = new DatabaseSync(":memory:");
  const all = <Row extends SqlRow>(text: string, ...bindings: readonly SqlBinding[]): Row[] =>
    handle.prepare(text).all(...bindings) as unknown as Row[];
  const sql: Sql = {
    all,
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the columns
    first: <Row extends SqlRow>(text: string, ...bindings: readonly SqlBinding[]) =>
      all<Row>(text, ...bindings)[0],
    transaction: (work) => work(),
  };
  migrate(sql, migrationsOf(kind));
  return { kind, handle, statements: new Map() };
}
