/** The fake client's part about keys of others and reports: numbers made up from names, and what a person decided about them. */
import { ClientError, type PersonView, type TrustView } from "#core/client-api.ts";
import type { ReportInput, TrustApi } from "#core/trust-api.ts";
import type { AccountId } from "#schema/ids.ts";
import type { FakeConversation } from "./fake-client-data.ts";

export const noTrust: TrustView = { verified: false, held: false, keyChangesMs: [], contradicted: false };

/** `reports` takes what is reported. */
export function fakeTrust(
  all: () => readonly FakeConversation[],
  changed: () => void,
  reports: ReportInput[] = [],
): TrustApi {
  const find = (account: AccountId): PersonView & TrustView => {
    const direct = all().find(({ group, peer }) => group === undefined && peer.account === account);
    const groups = all().flatMap(({ group }) => (group === undefined ? [] : [group]));
    const member = groups.flatMap(({ members }) => members).find((one) => one.account === account);
    const known = groups.flatMap(({ memberTrust = [] }) => memberTrust);
    const trust = direct?.peerTrust ?? known.find((one) => one.account === account) ?? noTrust;
    const person = direct?.peer ?? member;
    if (person === undefined) throw new ClientError("user_not_found");
    return { ...trust, account, username: person.username };
  };
  const set = (account: AccountId, change: Partial<TrustView>): void => {
    const after = { ...find(account), ...change };
    for (const one of all()) {
      const { group } = one;
      if (group === undefined) {
        if (one.peer.account === account) one.peerTrust = after;
      } else if (group.members.some((member) => member.account === account)) {
        const others = (group.memberTrust ?? []).filter((member) => member.account !== account);
        group.memberTrust = [...others, after];
        group.members = group.members.map((member) =>
          member.account === account ? { ...member, verified: after.verified } : member,
        );
      }
    }
    changed();
  };
  const groupsOf = (account: AccountId): string[] =>
    Array.from({ length: 12 }, (_, group) => {
      const bytes = new TextEncoder().encode(account);
      const sum = bytes.reduce((hash, byte) => (hash * 31 + byte * (group + 7)) % 99_991, 7);
      return String(sum).padStart(5, "0");
    });
  return {
    async safetyNumber(account) {
      const groups = groupsOf(account);
      const code = `sotto://verify#${groups.join("").repeat(2).slice(0, 99)}`;
      return { ...find(account), key: account, groups, code };
    },
    async compareSafetyNumber(account, text) {
      const digits = text.replaceAll(/\D/g, "");
      if (digits.length !== 60) return "not_a_number";
      return digits === groupsOf(account).join("") ? "same" : "different";
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
