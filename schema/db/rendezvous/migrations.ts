/** The generated migrations of this object's storage, in the order they run. Add the next one at the end. */
// oxlint-disable-next-line typescript/triple-slash-reference -- an ambient declaration cannot be imported
/// <reference path="../sql-text.d.ts" />
import init from "./migrations/0000_init.sql";

export const migrations: readonly { readonly tag: string; readonly sql: string }[] = [
  { tag: "0000_init", sql: init },
];
