/** The fake client's part about keys of others and reports: numbers made up from names, and what a person decided about them. */
import { ClientError } from "#core/client-api.ts";
import type { ReportInput, TrustApi, TrustView } from "#core/trust-api.ts";
import type { AccountId } from "#schema/ids.ts";
import type { FakeConversation } from "./fake-client-data.ts";

export const noTrust: TrustView = { verified: false, held: false, keyChangesMs: [], warning: undefined };

/** `reports` takes what is reported. */
export function fakeTrust(
  all: () => readonly FakeConversation[],
  changed: () => void,
  reports: ReportInput[] = [],
): TrustApi {
  const find = (account: AccountId): FakeConversation => {
    const one = all().find(({ peer }) => peer.account === account);
    if (one === undefined) throw new ClientError("user_not_found");
    return one;
  };
  const set = (account: AccountId, change: Partial<TrustView>): void => {
    const one = find(account);
    one.peerTrust = { ...(one.peerTrust ?? noTrust), ...change };
    changed();
  };
  const groups = (account: AccountId): string[] =>
    Array.from({ length: 12 }, (_, group) => {
      const bytes = new TextEncoder().encode(account);
      const sum = bytes.reduce((hash, byte) => (hash * 31 + byte * (group + 7)) % 99_991, 7);
      return String(sum).padStart(5, "0");
    });
  return {
    async safetyNumber(account) {
      const { peer, peerTrust } = find(account);
      const code = `sotto://verify#${groups(account).join("").repeat(2).slice(0, 99)}`;
      return { ...peer, key: account, groups: groups(account), code, ...(peerTrust ?? noTrust) };
    },
    async compareSafetyNumber(account, text) {
      const digits = text.replaceAll(/\D/g, "");
      if (digits.length !== 60) return "not_a_number";
      return digits === groups(account).join("") ? "same" : "different";
    },
    markVerified: async (account) => set(account, { verified: true, held: false }),
    clearVerified: async (account) => set(account, { verified: false }),
    confirmIdentity: async (account) => set(account, { held: false }),
    canReport: () => Promise.resolve(true),
    async reportMessage(input) {
      reports.push(input);
    },
  };
}
