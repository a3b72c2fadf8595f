import { type Provider } from "../provider.ts";
import { type ClosedChain, type RatchetProfile, type SkippedKey, type SkippedKeys } from "./ratchet-state.ts";

/** What deriving along a chain needs; every profile of a ratchet or of a sender chain has it. */
export interface ChainKdf {
  readonly provider: Provider;
  readonly profile: Pick<RatchetProfile, "kdfChain">;
}

export type SkipLimits = Pick<RatchetProfile, "maxSkippedTotal" | "maxClosedChains" | "skippedMaxAgeMs">;

export interface SkipResult {
  readonly chainKey: Uint8Array;
  readonly skipped: SkippedKeys;
}

/** Derives and remembers the keys `from … to-1` of a chain. The caller has bounded `to − from`. */
export function skipKeys(
  ratchet: ChainKdf,
  chain: { readonly chainKey: Uint8Array; readonly skipped: SkippedKeys },
  from: number,
  to: number,
  nowMs: number,
): SkipResult {
  if (to <= from) return chain;
  const skipped = new Map(chain.skipped);
  let chainKey = chain.chainKey;
  for (let number = from; number < to; number += 1) {
    const step = ratchet.profile.kdfChain(ratchet.provider, chainKey);
    skipped.set(number, { messageKey: step.messageKey, storedAtMs: nowMs });
    chainKey = step.chainKey;
  }
  return { chainKey, skipped };
}

/** Takes one key out. */
export function takeKey(
  skipped: SkippedKeys,
  number: number,
): { key: SkippedKey; rest: SkippedKeys } | undefined {
  const key = skipped.get(number);
  if (key === undefined) return undefined;
  const rest = new Map(skipped);
  rest.delete(number);
  return { key, rest };
}

/** Forgets chains beyond the limit, keys beyond their age, and the oldest keys beyond the total. */
export function boundSkipped(
  profile: SkipLimits,
  current: SkippedKeys,
  closed: readonly ClosedChain[],
  nowMs: number,
): { current: SkippedKeys; closed: readonly ClosedChain[] } {
  let room = profile.maxSkippedTotal;
  const bound = (skipped: SkippedKeys): SkippedKeys => {
    const isYoung = (key: SkippedKey): boolean => nowMs - key.storedAtMs <= profile.skippedMaxAgeMs;
    const values = [...skipped.values()];
    if (skipped.size <= room && values.every(isYoung)) {
      room -= skipped.size;
      return skipped;
    }
    const young = [...skipped].filter(([, key]) => isYoung(key));
    const kept = young.slice(Math.max(0, young.length - room));
    room -= kept.length;
    return new Map(kept);
  };
  const boundCurrent = bound(current);
  const boundClosed = closed.slice(0, profile.maxClosedChains).map((chain) => {
    const skipped = bound(chain.skipped);
    return skipped === chain.skipped ? chain : { ...chain, skipped };
  });
  return { current: boundCurrent, closed: boundClosed };
}
