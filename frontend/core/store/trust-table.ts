/** What is known of other accounts beyond their devices: compared keys, changes seen, what speaks against the server. */
import type { DirectoryRecord } from "./tables.ts";
import { jsonTable } from "./sealed-store.ts";

/** Kept apart from the directories, because few accounts have one and all of them are in memory. */
export interface TrustRecord {
  /** The account key that the person has compared (CRYPTO 2.10), as base64url; always the pinned one. */
  readonly verifiedAik?: string;
  /** A compared account key was replaced; sending waits until the person confirms the new one. */
  readonly held?: true;
  /** Server times at which another account key was seen, the newest last. */
  readonly keyChangesMs?: readonly number[];
  /** The server gave lists that do not follow from the pinned one. */
  readonly contradicted?: true;
  /** What another device of this account had pinned, until the account's lists are fetched here for the first time. */
  readonly handedPin?: DirectoryRecord["pin"];
}

/** Key account id. */
export const trustTable = jsonTable<TrustRecord>("trust");
