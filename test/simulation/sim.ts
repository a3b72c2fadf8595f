/** What every part of a run shares. */
import type { SeededRandom } from "#test/support/crypto/seeded-random.ts";
import type { SimClock } from "./clock.ts";
import type { Faults } from "./faults.ts";
import type { Oracle } from "./oracle.ts";
import type { Variant } from "./variant.ts";

export interface Sim {
  readonly clock: SimClock;
  readonly random: SeededRandom;
  readonly faults: Faults;
  readonly oracle: Oracle;
  /** The part that is deliberately broken; nothing in the runs that must pass. */
  readonly variant: Variant;
}

/** Mostly soon, now and then late enough to be overtaken. */
export function travelMs(sim: Sim, slow: "rpc_delayed" | "frame_delayed"): number {
  const { random, faults } = sim;
  return faults.roll(slow) ? random.below(20_000) : random.below(40);
}
