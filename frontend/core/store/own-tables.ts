/** What the client keeps about the account's own devices, and about device lists that are in doubt. */
import { jsonTable } from "./sealed-store.ts";

/** What the account's devices tell each other, key `type/id` (see `SyncItem`). `value` is base64url of its CBOR. */
export interface SyncItemRecord {
  readonly changedAtMs: number;
  readonly device: number;
  readonly value: string;
  /** Changed here, and not on its way to the other devices yet. */
  readonly isUnsent?: true;
}
export const syncItemTable = jsonTable<SyncItemRecord>("sync-items");

/** Own devices that were sent everything of it, key device id. */
export const syncPeerTable = jsonTable<Record<string, never>>("sync-peers");

/** A device list that devices vouch for and the server denies, key account id. `hash8` is base64url. */
export interface WithheldListRecord {
  readonly version: number;
  readonly hash8?: string;
}
export const withheldListTable = jsonTable<WithheldListRecord>("withheld-lists");

/** The own device list up to which every group was told of revoked devices; one record, key `self`. */
export const toldListTable = jsonTable<{ readonly version: number }>("told-list");
export const toldListKey = "self";

/** What proves that this store asked for the reset of an account, key username: base64url of 32 bytes. */
export const resetClaimTable = jsonTable<{ readonly claim: string }>("reset-claims");

/** The newest change of the password that the person knows of; one record, key `self`. */
export const passwordKnownTable = jsonTable<{ readonly changedAtMs: number }>("password-known");
export const passwordKnownKey = "self";

/** The name of this copy of the store and how often it has connected; one record, key `self`. */
export interface StoreProfileRecord {
  /** 16 random bytes, base64url. */
  readonly id: string;
  readonly epoch: number;
  /** When another copy last turned out to be in use, by the server's clock. */
  readonly elsewhereAtMs?: number;
}
export const storeProfileTable = jsonTable<StoreProfileRecord>("store-profile");
export const storeProfileKey = "self";
