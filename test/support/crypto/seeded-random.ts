import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { type Provider } from "#core/crypto/provider.ts";

/** A small seeded generator (mulberry32) for choices of a simulation. */
export interface SeededRandom {
  /** 0 ≤ x < 1. */
  next(): number;
  /** An integer below `limit`. */
  below(limit: number): number;
  chance(probability: number): boolean;
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { next, below, chance: (probability) => next() < probability };
}

/** A provider whose randomness is SHA-256(seed ‖ counter): equal seeds give equal bytes everywhere. */
export function deterministicProviderForTesting(seed: string, base: Provider = nobleProvider): Provider {
  const prefix = new TextEncoder().encode(`${seed}/`);
  let counter = 0;
  return {
    ...base,
    random(length) {
      const out = new Uint8Array(length);
      for (let at = 0; at < length; at += 32) {
        const block = new Uint8Array(prefix.length + 4);
        block.set(prefix);
        new DataView(block.buffer).setUint32(prefix.length, counter);
        counter += 1;
        out.set(base.sha256(block).subarray(0, Math.min(32, length - at)), at);
      }
      return out;
    },
  };
}
