/** The generated migrations of this object's storage, in the order they run. Add the next one at the end. */
// oxlint-disable-next-line typescript/triple-slash-reference -- an ambient declaration cannot be imported
/// <reference path="../sql-text.d.ts" />
import init from "./migrations/0000_init.sql";
import presence from "./migrations/0001_presence.sql";
import groups from "./migrations/0002_groups.sql";
import resets from "./migrations/0003_resets.sql";
import profiles from "./migrations/0004_profiles.sql";
import password from "./migrations/0005_password.sql";

export const migrations: readonly { readonly tag: string; readonly sql: string }[] = [
  { tag: "0000_init", sql: init },
  { tag: "0001_presence", sql: presence },
  { tag: "0002_groups", sql: groups },
  { tag: "0003_resets", sql: resets },
  { tag: "0004_profiles", sql: profiles },
  { tag: "0005_password", sql: password },
];
