/**
 * Device lists that devices vouch for and the server denies (CRYPTO 2.1, attack 45). What a capsule tells on the side is compared with what
 * is pinned; what is newer is fetched, and what cannot be had is remembered and shown until it can.
 */
import { sameBytes } from "#schema/envelope/bytes.ts";
import type { AccountId } from "#schema/ids.ts";
import type { ClientEvent } from "../client-api.ts";
import type { Gossip, ListView } from "../crypto/capsule.ts";
import type { Records } from "../store/records.ts";
import { type WithheldListRecord, withheldListTable } from "../store/own-tables.ts";
import { directoryTable } from "../store/tables.ts";
import type { ClaimClerk } from "./claim-clerk.ts";
import type { AccountDevices, Directory } from "./directory.ts";
import { inBackground } from "./lane.ts";
import type { Self } from "./self.ts";

/** Somebody vouches for this list of an account. */
export interface ListClaim {
  readonly account: AccountId;
  readonly version: number;
  /** The first 8 bytes of DLH, where it was told. */
  readonly hash8?: Uint8Array;
}

export class ListClaims {
  readonly #records: Records;
  readonly #self: Self;
  readonly #directory: Directory;
  readonly #withheld = new Map<AccountId, WithheldListRecord>();
  #clerk: ClaimClerk | undefined;

  constructor(records: Records, self: Self, directory: Directory, emit: (event: ClientEvent) => void) {
    this.#records = records;
    this.#self = self;
    this.#directory = directory;
    records.watch(withheldListTable, (key, value) => {
      if (value === undefined) this.#withheld.delete(key as AccountId);
      else this.#withheld.set(key as AccountId, value);
      emit({ type: "conversations" });
    });
    records.watch(directoryTable, (key) => {
      if (this.#withheld.has(key as AccountId)) void this.#recheck(key as AccountId);
    });
  }

  async load(): Promise<void> {
    for (const { key, value } of await this.#records.list(withheldListTable)) {
      this.#withheld.set(key as AccountId, value);
    }
  }

  /** Accounts of which the server withholds a list. */
  withheld(): AccountId[] {
    return [...this.#withheld.keys()];
  }

  /** Fetches what is vouched for. Never throws: what cannot be had now is told again by the next capsule. */
  async settle(claims: readonly ListClaim[]): Promise<void> {
    if (claims.length === 0) return;
    await inBackground(async () => (await this.#loadClerk()).settle(claims));
  }

  async #recheck(account: AccountId): Promise<void> {
    await inBackground(async () => (await this.#loadClerk()).recheck(account));
  }

  /** Fetched when a claim has to be looked into, which with an honest server is when somebody adds a device. */
  async #loadClerk(): Promise<ClaimClerk> {
    const { ClaimClerk } = await import("./claim-clerk.ts");
    this.#clerk ??= new ClaimClerk(this.#records, this.#self, this.#directory, this.#withheld);
    return this.#clerk;
  }
}

/** What a capsule vouches for beyond what is pinned: the list of its sender, and that of this account as the sender knows it. */
export function claimsOf(
  gossip: Gossip,
  sender: AccountDevices,
  own: AccountDevices | undefined,
): ListClaim[] {
  const claims = [claimOf(sender, gossip.mine)];
  if (own !== undefined) claims.push(claimOf(own, gossip.yours));
  return claims.filter((claim) => claim !== undefined);
}

function claimOf(devices: AccountDevices, view: ListView): ListClaim | undefined {
  const claim = { account: devices.account, ...view };
  return contradicts(devices, claim) ? claim : undefined;
}

/** Whether the claim names a newer list than the pinned one, or another one of the same version. */
export function contradicts({ pin }: AccountDevices, { version, hash8 }: ListClaim): boolean {
  if (version !== pin.version) return version > pin.version;
  return hash8 !== undefined && !sameBytes(hash8, pin.hash.subarray(0, 8));
}
