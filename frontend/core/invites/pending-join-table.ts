import { jsonTable } from "../store/sealed-store.ts";

/** Groups that this account asked to be let into, key conversation id. */
interface PendingJoin {
  /** Of the invite, base64url. */
  readonly publicKey: string;
  readonly title: string;
}
export const pendingJoinTable = jsonTable<PendingJoin>("pending-joins");
