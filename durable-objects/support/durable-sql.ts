import type { Sql, SqlBinding, SqlRow } from "./sql.ts";

/** The SQLite storage of a Durable Object. */
export function durableSql(storage: DurableObjectStorage): Sql {
  const sql = storage.sql;
  // The statement decides the columns; no type system sees through it.
  const all = <Row extends SqlRow>(statement: string, ...bindings: readonly SqlBinding[]) =>
    sql.exec(statement, ...bindings).toArray() as unknown as Row[];
  return {
    all,
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the columns, as with `all`
    first: <Row extends SqlRow>(statement: string, ...bindings: readonly SqlBinding[]) =>
      all<Row>(statement, ...bindings)[0],
    transaction: (work) => storage.transactionSync(work),
  };
}
