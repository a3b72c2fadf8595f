/** What a person knows of the keys of others: compared, confirmed, warned of (CRYPTO 2.10, 2.15). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { ClientError } from "../client-api.ts";
import { isCryptoError } from "../crypto/errors.ts";
import { formatSafetyCode, isSameSafetyNumber } from "../crypto/verification/safety-code.ts";
import { type SafetyNumber, safetyNumber } from "../crypto/verification/safety-number.ts";
import type { SafetyComparison, SafetyNumberView, TrustView } from "../trust-api.ts";
import type { Conversations } from "./conversations.ts";
import type { AccountDevices, Directory } from "./directory.ts";
import type { Self } from "./self.ts";

/** Of whom nothing is known. */
const nothing: TrustView = { verified: false, held: false, keyChangesMs: [], warning: undefined };

export class Trust {
  readonly #self: Self;
  readonly #directory: Directory;
  readonly #conversations: Conversations;
  readonly #kick: (conversationId: ConversationId) => void;
  /** 10,400 hashes each: kept while the account key is the same. */
  readonly #numbers = new Map<AccountId, { readonly key: string; readonly number: SafetyNumber }>();

  /** `kick` makes a conversation send what waits. */
  constructor(
    self: Self,
    directory: Directory,
    conversations: Conversations,
    kick: (conversationId: ConversationId) => void,
  ) {
    this.#self = self;
    this.#directory = directory;
    this.#conversations = conversations;
    this.#kick = kick;
  }

  /** What is known here, without asking anyone. */
  async of(account: AccountId): Promise<TrustView> {
    return (await this.#directory.tryLoad(account))?.trust ?? nothing;
  }

  /** Throws `SottoError` and `CryptoError` when nothing is known and the server does not help. */
  async safetyNumber(account: AccountId): Promise<SafetyNumberView> {
    const devices = await this.#directory.load(account);
    const { key, number } = this.#numberOf(devices);
    const { username, trust } = devices;
    return { account, username, key, groups: number.groups, code: formatSafetyCode(number), ...trust };
  }

  /** Throws as `safetyNumber`. */
  async compare(account: AccountId, text: string): Promise<SafetyComparison> {
    const { number } = this.#numberOf(await this.#directory.load(account));
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
    await this.#directory.change(account, (record) => {
      if (record.pin.aik !== key) throw new ClientError("identity_changed");
      return { ...record, verifiedAik: key, identityChanged: false };
    });
    this.#release(account);
  }

  clear(account: AccountId): Promise<void> {
    return this.#directory.change(account, ({ verifiedAik: _verified, ...record }) => record);
  }

  /** Messages that waited go to the new key, which nobody has compared. */
  async confirm(account: AccountId): Promise<void> {
    await this.#directory.change(account, (record) =>
      record.identityChanged ? { ...record, identityChanged: false } : record,
    );
    this.#release(account);
  }

  #release(account: AccountId): void {
    for (const { conversationId, peer } of this.#conversations.all()) {
      if (peer.account === account) this.#kick(conversationId);
    }
  }

  #numberOf({ account, pin }: AccountDevices): { readonly key: string; readonly number: SafetyNumber } {
    const key = encodeBase64url(pin.aik);
    const known = this.#numbers.get(account);
    if (known?.key === key) return known;
    const { accountId, aik } = this.#self.own.cert;
    const other = { accountId: decodeBase64url(account), aik: pin.aik };
    const made = { key, number: safetyNumber(this.#self.provider, { accountId, aik }, other) };
    this.#numbers.set(account, made);
    return made;
  }
}
