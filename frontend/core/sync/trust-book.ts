/** What the person and this device know of other accounts' keys, all of it in memory: few accounts have an entry. */
import type { AccountId } from "#schema/ids.ts";
import type { ClientEvent, TrustView } from "../client-api.ts";
import type { Records, Transaction } from "../store/records.ts";
import { type TrustRecord, trustTable } from "../store/trust-table.ts";
import { isBlank } from "./pins.ts";

const nothing: TrustView = { verified: false, held: false, keyChangesMs: [], contradicted: false };

export class TrustBook {
  readonly #records: Records;
  readonly #entries = new Map<AccountId, TrustRecord>();

  constructor(records: Records, emit: (event: ClientEvent) => void) {
    this.#records = records;
    records.watch(trustTable, (key, trust) => {
      if (trust === undefined) this.#entries.delete(key as AccountId);
      else this.#entries.set(key as AccountId, trust);
      emit({ type: "conversations" });
    });
  }

  async load(): Promise<void> {
    for (const { key, value } of await this.#records.list(trustTable)) {
      this.#entries.set(key as AccountId, value);
    }
  }

  /** Of an account without an entry: that nothing is known. */
  of(account: AccountId): TrustView {
    const trust = this.#entries.get(account);
    return trust === undefined ? nothing : toView(trust);
  }

  /** Every account of which there is something to say. */
  all(): readonly (readonly [AccountId, TrustView])[] {
    return [...this.#entries]
      .map(([account, trust]) => [account, toView(trust)] as const)
      .filter(([, { verified, held, keyChangesMs, contradicted }]) => {
        return verified || held || keyChangesMs.length > 0 || contradicted;
      });
  }

  /** What another device had pinned, for the first fetch of an account's lists. */
  handedPin(account: AccountId): TrustRecord["handedPin"] {
    return this.#entries.get(account)?.handedPin;
  }

  /** Throws `StoreError`, and what `change` throws. */
  change(account: AccountId, change: (trust: TrustRecord) => TrustRecord): Promise<void> {
    return this.#records.transact((transaction) => changeTrust(transaction, account, change));
  }
}

/** Stages the changed entry, or its removal once it says nothing any more. */
export async function changeTrust(
  transaction: Transaction,
  account: AccountId,
  change: (trust: TrustRecord) => TrustRecord,
): Promise<void> {
  const known = await transaction.get(trustTable, account);
  const before = known ?? {};
  const after = change(before);
  if (JSON.stringify(after) === JSON.stringify(before)) return;
  if (!isBlank(after)) transaction.put(trustTable, account, after);
  else if (known !== undefined) transaction.delete(trustTable, account);
}

function toView({ verifiedAik, held, keyChangesMs, contradicted }: TrustRecord): TrustView {
  return {
    verified: verifiedAik !== undefined,
    held: held === true,
    keyChangesMs: keyChangesMs ?? [],
    contradicted: contradicted === true,
  };
}
