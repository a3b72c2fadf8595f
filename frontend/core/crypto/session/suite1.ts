import { label } from "#schema/envelope/labels.ts";
import { type RatchetProfile } from "./ratchet-state.ts";

const rootInfo = label("root");
const one = Uint8Array.of(1);
const two = Uint8Array.of(2);

/** PQ-DR of suite 1 (CRYPTO 2.4). The chain constants are Signal's. */
export const suite1: RatchetProfile = {
  maxSkip: 2000,
  maxSkippedTotal: 2000,
  maxClosedChains: 5,
  skippedMaxAgeMs: 30 * 86_400_000,
  pq: { chains: 8, ageMs: 6 * 3_600_000, messages: 64 },
  kdfRoot(provider, rootKey, ikm) {
    const okm = provider.hkdf(rootKey, ikm, rootInfo, 96);
    return { rootKey: okm.slice(0, 32), chainKey: okm.slice(32, 64), nextHeaderKey: okm.slice(64) };
  },
  kdfChain: (provider, chainKey) => ({
    messageKey: provider.hmac(chainKey, one),
    chainKey: provider.hmac(chainKey, two),
  }),
};

/** Sessions and records (CRYPTO 2.4). */
export const sessionLimits = {
  maxArchived: 10,
  archivedMaxAgeMs: 30 * 86_400_000,
  unacknowledgedMaxAgeMs: 30 * 86_400_000,
  sendingMaxAgeMs: 365 * 86_400_000,
} as const;
