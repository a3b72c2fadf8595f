/** The generated migrations of this object's storage, in the order they run. Add the next one at the end. */
// oxlint-disable-next-line typescript/triple-slash-reference -- an ambient declaration cannot be imported
/// <reference path="../sql-text.d.ts" />
import init from "./migrations/0000_init.sql";
import hotWindow from "./migrations/0001_hot_window.sql";
import packedCapsules from "./migrations/0002_packed_capsules.sql";
import groups from "./migrations/0003_groups.sql";
import counted from "./migrations/0004_counted.sql";
import invites from "./migrations/0005_invites.sql";
import history from "./migrations/0006_history.sql";
import packedLog from "./migrations/0007_packed_log.sql";
import noMessages from "./migrations/0008_no_messages.sql";
import bytesAtRest from "./migrations/0009_bytes_at_rest.sql";

export const migrations: readonly { readonly tag: string; readonly sql: string }[] = [
  { tag: "0000_init", sql: init },
  { tag: "0001_hot_window", sql: hotWindow },
  { tag: "0002_packed_capsules", sql: packedCapsules },
  { tag: "0003_groups", sql: groups },
  { tag: "0004_counted", sql: counted },
  { tag: "0005_invites", sql: invites },
  { tag: "0006_history", sql: history },
  { tag: "0007_packed_log", sql: packedLog },
  { tag: "0008_no_messages", sql: noMessages },
  { tag: "0009_bytes_at_rest", sql: bytesAtRest },
];
