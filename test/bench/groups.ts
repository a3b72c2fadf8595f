/**
 * Groups: durable messages a second without capsules, and deliveries a second to many sockets, against the peer's rooms
 * of the same size. Every member has an account, an inbox and a socket, and acknowledges what it gets.
 */
import { type BenchContext, settle } from "./context.ts";
import type { LoadFigures, Talk } from "./load/job.ts";
import { bodyOf } from "./ours.ts";
import { atLeastTimes, type BenchResult, compare } from "./result.ts";
import { latency, rate, until } from "./send-path.ts";

interface Case {
  readonly members: number;
  readonly inFlight: number;
  readonly goal?: number;
}

export async function benchGroups(context: BenchContext): Promise<BenchResult[]> {
  const { quick } = context;
  const small = await benchSize(context, [{ members: 2, inFlight: 64, goal: 6 }]);
  const hundred: Case = { members: 100, inFlight: 32, goal: 3.5 };
  const large = await benchSize(context, quick ? [hundred] : [{ members: 100, inFlight: 4 }, hundred]);
  const thousand = quick ? [] : await benchSize(context, [{ members: 1000, inFlight: 4 }]);
  return [...small, ...large, ...thousand];
}

/** Cases of one size share the group and the room. */
async function benchSize(
  { ours, peer, generator, quick }: BenchContext,
  cases: readonly Case[],
): Promise<BenchResult[]> {
  const members = cases[0]?.members ?? 0;
  const group = await ours.group(members);
  const room = await peer?.room(bodyOf(group), members - 1);
  const results: BenchResult[] = [];
  for (const { inFlight, goal } of cases) {
    const run = (talk: Talk): Promise<LoadFigures> =>
      generator.run({ conversations: [talk], inFlight, until: until(quick) });
    const rounds = { ours: [] as LoadFigures[], peer: [] as LoadFigures[] };
    for (let round = 0; round < (quick ? 2 : 3); round += 1) {
      rounds.ours.push(await run(group));
      ours.server.pause();
      if (room !== undefined) rounds.peer.push(await run(room));
      ours.server.resume();
    }
    const per = members > 2 ? members - 1 : 1;
    const unit = members > 2 ? "deliveries/s" : "messages/s";
    const name = `group of ${members}, no capsules, ${inFlight} in flight`;
    const peerRate = room === undefined ? undefined : rate(rounds.peer) * per;
    const throughput = compare(`${name}: ${unit}`, rate(rounds.ours) * per, peerRate);
    results.push(goal === undefined ? throughput : atLeastTimes(goal, throughput));
    const peerLatency = room === undefined ? undefined : latency(rounds.peer);
    results.push(compare(`${name}: ack p50 ms`, latency(rounds.ours), peerLatency));
  }
  await settle(ours);
  return results;
}
