/**
 * The built Worker with every statement, row and call of its objects counted: what `test/bench/rows.ts` runs. `GET
 * /api/counted` answers with the counts and begins anew.
 */
import worker, { Conversation as BuiltConversation, Inbox as BuiltInbox } from "#worker/index.ts";

type Environment = ConstructorParameters<typeof BuiltConversation>[1];

/** What the built classes are made of, for those who look inside. */
interface Opened {
  readonly prototype: Record<string, unknown>;
}

let cursors: { readonly name: string; readonly cursor: SqlStorageCursor<Record<string, SqlStorageValue>> }[] =
  [];
let counts: Record<string, number> = {};
const watched = new Set<unknown>();

function add(name: string, by: number): void {
  counts[name] = (counts[name] ?? 0) + by;
}

/** `INSERT messages` of a statement. */
function nameOf(statement: string): string {
  const [, verb = "?", table = "?"] =
    /^\s*(INSERT|UPDATE|DELETE|SELECT)\b(?: OR REPLACE)?(?: INTO| FROM)?\s*(\w+)?/i.exec(statement) ?? [];
  return `${verb} ${table}`;
}

/** Counts the rows that the statements of an object write, indexes included. A cursor knows them once it is read. */
function watchStorage(context: DurableObjectState): void {
  const prototype = Object.getPrototypeOf(context.storage.sql) as SqlStorage;
  if (watched.has(prototype)) return;
  watched.add(prototype);
  const { exec } = Object.getOwnPropertyDescriptors(prototype);
  const real = exec.value as SqlStorage["exec"];
  prototype.exec = function counted(this: SqlStorage, query: string, ...bindings: unknown[]) {
    const cursor = real.call(this, query, ...bindings);
    if (!/^\s*SELECT/i.test(query)) cursors.push({ name: nameOf(query), cursor });
    return cursor;
  } as SqlStorage["exec"];
}

/** Counts the rows that statements of a database write. */
function watchDatabase(database: D1Database): void {
  const prototype = Object.getPrototypeOf(database.prepare("SELECT 1")) as D1PreparedStatement;
  if (watched.has(prototype)) return;
  watched.add(prototype);
  const { run } = Object.getOwnPropertyDescriptors(prototype);
  const real = run.value as D1PreparedStatement["run"];
  prototype.run = async function counted(this: D1PreparedStatement) {
    const result = await real.call(this);
    add("D1 rows", result.meta.rows_written);
    add("D1 statements", 1);
    return result;
  } as D1PreparedStatement["run"];
}

/** Counts calls of a class's methods, and the frames that come in. */
function watchCalls(name: string, { prototype }: Opened): void {
  for (const method of Object.getOwnPropertyNames(prototype)) {
    const original = Object.getOwnPropertyDescriptor(prototype, method)?.value as unknown;
    if (method === "constructor" || typeof original !== "function") continue;
    prototype[method] = function counted(this: unknown, ...args: unknown[]): unknown {
      add(`call ${name}.${method}`, 1);
      return Reflect.apply(original, this, args);
    };
  }
}

watchCalls("Conversation", BuiltConversation as unknown as Opened);
watchCalls("Inbox", BuiltInbox as unknown as Opened);

export class Conversation extends BuiltConversation {
  constructor(context: DurableObjectState, env: Environment) {
    watchStorage(context);
    super(context, env);
  }
}

export class Inbox extends BuiltInbox {
  constructor(context: DurableObjectState, env: Environment) {
    watchStorage(context);
    super(context, env);
  }
}

function takeCounts(): Record<string, number> {
  for (const { name, cursor } of cursors) add(name, cursor.rowsWritten);
  const taken = counts;
  cursors = [];
  counts = {};
  return taken;
}

export default {
  ...worker,
  fetch(
    request: Parameters<typeof worker.fetch>[0],
    env: Parameters<typeof worker.fetch>[1],
    context: ExecutionContext,
  ): Response | Promise<Response> {
    for (const [name, binding] of Object.entries(env)) {
      if (name.startsWith("ARCHIVE_") && typeof binding === "object") watchDatabase(binding as D1Database);
    }
    if (new URL(request.url).pathname === "/api/counted") return Response.json(takeCounts());
    return worker.fetch(request, env, context);
  },
};
