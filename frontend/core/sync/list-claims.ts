/**
 * Device lists that devices vouch for and the server denies (CRYPTO 2.1, attack 45). What a capsule tells on the side is compared with what
 * is pinned; what is newer is fetched, and what cannot be had is remembered and shown until it can.
 */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { sameBytes } from "#schema/envelope/bytes.ts";
import { SottoError } from "#schema/errors.ts";
import type { AccountId } from "#schema/ids.ts";
import type { ClientEvent } from "../client-api.ts";
import type { Gossip, ListView } from "../crypto/capsule.ts";
import { isCryptoError } from "../crypto/errors.ts";
import type { Records } from "../store/records.ts";
import { type WithheldListRecord, withheldListTable } from "../store/own-tables.ts";
import { directoryTable } from "../store/tables.ts";
import type { AccountDevices, Directory } from "./directory.ts";
import type { Self } from "./self.ts";

/** Somebody vouches for this list of an account. */
export interface ListClaim {
  readonly account: AccountId;
  readonly version: number;
  /** The first 8 bytes of DLH, where it was told. */
  readonly hash8?: Uint8Array;
}

/** A server that denies is asked again about the same list after this. */
const askAgainMs = 600_000;

export class ListClaims {
  readonly #records: Records;
  readonly #self: Self;
  readonly #directory: Directory;
  readonly #withheld = new Map<AccountId, WithheldListRecord>();
  readonly #askedAtMs = new Map<AccountId, number>();

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
    for (const [account, ofAccount] of Map.groupBy(claims, (claim) => claim.account)) {
      const newest = ofAccount.reduce((first, other) => (other.version > first.version ? other : first));
      await this.#settle(account, newest).catch(() => undefined); // a full disk: as above
    }
  }

  async #settle(account: AccountId, claim: ListClaim): Promise<void> {
    const known = this.#withheld.get(account);
    const nowMs = this.#self.nowMs();
    const isKnown = known !== undefined && known.version >= claim.version;
    if (isKnown && nowMs - (this.#askedAtMs.get(account) ?? 0) < askAgainMs) return;
    const devices = await this.#ask(account);
    if (devices === undefined) return;
    this.#askedAtMs.set(account, nowMs);
    if (contradicts(devices, claim)) await this.#remember(account, claim);
  }

  /** The newest list that can be had; undefined when the server was not reached. */
  async #ask(account: AccountId): Promise<AccountDevices | undefined> {
    try {
      return await this.#directory.refresh(account);
    } catch (error) {
      const isAnswer = isCryptoError(error) || (error instanceof SottoError && error.remedy === "give_up");
      return isAnswer ? this.#directory.tryLoad(account) : undefined; // the pinned list stays in force
    }
  }

  async #remember(account: AccountId, { version, hash8 }: ListClaim): Promise<void> {
    await this.#records.transact(async (transaction) => {
      await transaction.get(withheldListTable, account);
      const record = { version, ...(hash8 && { hash8: encodeBase64url(hash8) }) };
      transaction.put(withheldListTable, account, record);
    });
  }

  async #recheck(account: AccountId): Promise<void> {
    const devices = await this.#directory.tryLoad(account);
    await this.#records.transact(async (transaction) => {
      const record = await transaction.get(withheldListTable, account);
      if (record === undefined || devices === undefined) return;
      const hash8 = record.hash8 === undefined ? {} : { hash8: decodeBase64url(record.hash8) };
      const isOver = !contradicts(devices, { account, version: record.version, ...hash8 });
      if (isOver) transaction.delete(withheldListTable, account);
    });
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
function contradicts({ pin }: AccountDevices, { version, hash8 }: ListClaim): boolean {
  if (version !== pin.version) return version > pin.version;
  return hash8 !== undefined && !sameBytes(hash8, pin.hash.subarray(0, 8));
}
