/**
 * The built Worker with an archive that can be made to fail and to hang: what `test/support/server-process.ts` runs
 * when faults are asked for. Every call to an archive shard first asks the process outside (binding FAULTS), which
 * answers at once, with a failure, or not for as long as it likes.
 */
import worker, { Conversation as BuiltConversation, Inbox } from "#worker/index.ts";

interface Faults {
  readonly FAULTS: Fetcher;
}

type Environment = ConstructorParameters<typeof BuiltConversation>[1] & Faults;

async function pass(faults: Fetcher): Promise<void> {
  const { ok } = await faults.fetch("http://faults/archive");
  if (!ok) throw new Error("D1_ERROR: the archive was made to fail");
}

class FaultyStatement {
  readonly real: D1PreparedStatement;
  readonly #faults: Fetcher;

  constructor(real: D1PreparedStatement, faults: Fetcher) {
    this.real = real;
    this.#faults = faults;
  }

  bind(...values: unknown[]): FaultyStatement {
    return new FaultyStatement(this.real.bind(...values), this.#faults);
  }

  async first<Row>(): Promise<Row | null> {
    await pass(this.#faults);
    return this.real.first<Row>();
  }

  async run<Row>(): Promise<D1Result<Row>> {
    await pass(this.#faults);
    return this.real.run<Row>();
  }

  async all<Row>(): Promise<D1Result<Row>> {
    await pass(this.#faults);
    return this.real.all<Row>();
  }
}

/** As much of a database as archives are used with. */
class FaultyDatabase {
  readonly #real: D1Database;
  readonly #faults: Fetcher;

  constructor(real: D1Database, faults: Fetcher) {
    this.#real = real;
    this.#faults = faults;
  }

  prepare(query: string): FaultyStatement {
    return new FaultyStatement(this.#real.prepare(query), this.#faults);
  }

  async batch(statements: readonly FaultyStatement[]): Promise<D1Result[]> {
    await pass(this.#faults);
    return this.#real.batch(statements.map(({ real }) => real));
  }
}

/** `env` with faulty archive shards. */
function faulty<Env extends Faults>(env: Env): Env {
  const shards = Object.entries(env).flatMap(([name, binding]) =>
    name.startsWith("ARCHIVE_") && typeof binding === "object"
      ? [[name, new FaultyDatabase(binding as D1Database, env.FAULTS)]]
      : [],
  );
  return { ...env, ...Object.fromEntries(shards) };
}

export class Conversation extends BuiltConversation {
  constructor(context: DurableObjectState, env: Environment) {
    super(context, faulty(env));
  }
}

export { Inbox };

export default {
  ...worker,
  fetch: (
    request: Parameters<typeof worker.fetch>[0],
    env: Parameters<typeof worker.fetch>[1] & Faults,
    context: ExecutionContext,
  ) => worker.fetch(request, faulty(env), context),
};
