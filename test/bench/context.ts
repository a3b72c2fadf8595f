import { archiveBacklog } from "./databases.ts";
import type { Generator } from "./load/generator.ts";
import type { Ours } from "./ours.ts";
import type { Peer } from "./peer/peer.ts";

export interface BenchContext {
  readonly quick: boolean;
  /** Peers that are not there may be installed. */
  readonly install: boolean;
  readonly ours: Ours;
  /** Undefined when its servers could not be had. */
  readonly peer: Peer | undefined;
  readonly generator: Generator;
}

/** Waits until the archive holds everything, so that what is measured next has the machine for itself. */
export async function settle(ours: Ours): Promise<void> {
  for (let before = -1; ;) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    const after = archiveBacklog(ours.server.state);
    if (after === 0 && before === 0) return;
    before = after;
  }
}
