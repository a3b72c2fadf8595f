/** Looks into device lists that somebody vouches for; see `ListClaims`. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import type { AccountId } from "#schema/ids.ts";
import { isCryptoError } from "../crypto/errors.ts";
import { type WithheldListRecord, withheldListTable } from "../store/own-tables.ts";
import type { Records } from "../store/records.ts";
import type { AccountDevices, Directory } from "./directory.ts";
import { contradicts, type ListClaim } from "./list-claims.ts";
import type { Self } from "./self.ts";

/** A server that denies is asked again about the same list after this. */
const askAgainMs = 600_000;

export class ClaimClerk {
  readonly #records: Records;
  readonly #self: Self;
  readonly #directory: Directory;
  readonly #withheld: ReadonlyMap<AccountId, WithheldListRecord>;
  readonly #askedAtMs = new Map<AccountId, number>();

  constructor(
    records: Records,
    self: Self,
    directory: Directory,
    withheld: ReadonlyMap<AccountId, WithheldListRecord>,
  ) {
    this.#records = records;
    this.#self = self;
    this.#directory = directory;
    this.#withheld = withheld;
  }

  async settle(claims: readonly ListClaim[]): Promise<void> {
    for (const [account, ofAccount] of Map.groupBy(claims, (claim) => claim.account)) {
      const newest = ofAccount.reduce((first, other) => (other.version > first.version ? other : first));
      await this.#settle(account, newest);
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

  /** Forgets what is no longer denied. */
  async recheck(account: AccountId): Promise<void> {
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
