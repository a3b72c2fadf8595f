/** What a person does about the keys of others: compares, confirms (CRYPTO 2.10, 2.15). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { AccountId } from "#schema/ids.ts";
import { ClientError } from "../client-api.ts";
import { isCryptoError } from "../crypto/errors.ts";
import { formatSafetyCode, isSameSafetyNumber } from "../crypto/verification/safety-code.ts";
import { type SafetyNumber, safetyNumber } from "../crypto/verification/safety-number.ts";
import type { SafetyComparison, SafetyNumberView } from "../trust-api.ts";
import type { AccountDevices } from "./directory.ts";
import type { Transaction } from "../store/records.ts";
import type { DirectoryRecord } from "../store/tables.ts";
import type { TrustRecord } from "../store/trust-table.ts";
import type { Engine } from "./engine.ts";
import { stageItem } from "./own-items.ts";

interface KnownNumber {
  /** Of the account key, base64url. */
  readonly key: string;
  readonly number: SafetyNumber;
}

export class Trust {
  readonly engine: Engine;
  /** 10,400 hashes each: kept while the account key is the same. */
  readonly #numbers = new Map<AccountId, KnownNumber>();

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Throws `SottoError` and `CryptoError` when nothing is known and the server does not help. */
  async safetyNumber(account: AccountId): Promise<SafetyNumberView> {
    const devices = await this.engine.directory.load(account);
    const { key, number } = this.#numberOf(devices);
    const { username } = devices;
    const trust = this.engine.directory.book.of(account);
    return { account, username, key, groups: number.groups, code: formatSafetyCode(number), ...trust };
  }

  /** Throws as `safetyNumber`. */
  async compare(account: AccountId, text: string): Promise<SafetyComparison> {
    const { number } = this.#numberOf(await this.engine.directory.load(account));
    try {
      return isSameSafetyNumber(number, text) ? "same" : "different";
    } catch (error) {
      if (isCryptoError(error, "UNSUPPORTED_VERSION")) return "other_version";
      if (isCryptoError(error)) return "not_a_number";
      throw error;
    }
  }

  /** The person has compared the number of this key; messages that waited for that go. Throws `ClientError` identity_changed. */
  async verify(account: AccountId, key: string): Promise<void> {
    const change = ({ held: _held, ...trust }: TrustRecord, pin: DirectoryRecord["pin"] | undefined) => {
      if (pin?.aik !== key) throw new ClientError("identity_changed");
      return { ...trust, verifiedAik: key };
    };
    await this.engine.directory.mark(account, change, this.#telling(account, key));
  }

  clear(account: AccountId): Promise<void> {
    const change = ({ verifiedAik: _verified, ...trust }: TrustRecord) => trust;
    return this.engine.directory.mark(account, change, this.#telling(account, ""));
  }

  /** Messages that waited go to the new key, which nobody has compared. */
  confirm(account: AccountId): Promise<void> {
    const change = ({ held: _held, ...trust }: TrustRecord) => trust;
    return this.engine.directory.mark(account, change, this.#telling(account, ""));
  }

  /** The own other devices learn it: which key was compared, or that none is any more. */
  #telling(account: AccountId, key: string) {
    return (transaction: Transaction) =>
      stageItem(transaction, this.engine.self, "verified", account, decodeBase64url(key));
  }

  #numberOf({ account, pin }: AccountDevices): KnownNumber {
    const key = encodeBase64url(pin.aik);
    const known = this.#numbers.get(account);
    if (known?.key === key) return known;
    const { accountId, aik } = this.engine.self.own.cert;
    const other = { accountId: decodeBase64url(account), aik: pin.aik };
    const made = { key, number: safetyNumber(this.engine.self.provider, { accountId, aik }, other) };
    this.#numbers.set(account, made);
    return made;
  }
}
