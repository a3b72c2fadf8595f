/**
 * Messages per second and acknowledgement latency of a direct conversation, three capsules a message, on the full path
 * (authentication, schema check, membership, device set, idempotency, receipts): against the peer, which carries the
 * body alone, and against a bare group-commit object, which takes the same frames. Rounds alternate between the sides;
 * every figure is the median of its rounds.
 */
import { type BenchContext, settle } from "./context.ts";
import { startBare } from "./bare.ts";
import { startChild } from "./child.ts";
import type { LoadFigures, LoadJob, Talk } from "./load/job.ts";
import { bodyOf, type Conversation } from "./ours.ts";
import { atLeastTimes, atMostTimes, type BenchResult, compare, median } from "./result.ts";

export function until(quick: boolean): LoadJob["until"] {
  return quick ? { warmUpMs: 200, measureMs: 500 } : { warmUpMs: 500, measureMs: 2000 };
}

export const rate = (rounds: readonly LoadFigures[]): number =>
  median(rounds.map((each) => each.messagesPerSecond));
export const latency = (rounds: readonly LoadFigures[]): number =>
  median(rounds.map((each) => each.ackP50Ms));

export async function benchSendPath(context: BenchContext): Promise<BenchResult[]> {
  const { ours, peer, generator, quick } = context;
  const conversation = await ours.converse();
  const room = await peer?.room(bodyOf(conversation));
  const bare = await startBare(conversation);
  const results: BenchResult[] = [];
  try {
    for (const inFlight of quick ? [1, 64] : [1, 16, 64, 256]) {
      const run = (ends: Talk): Promise<LoadFigures> =>
        generator.run({ conversations: [ends], inFlight, until: until(quick) });
      const rounds = { ours: [] as LoadFigures[], peer: [] as LoadFigures[], bare: [] as LoadFigures[] };
      for (let round = 0; round < 3; round += 1) {
        rounds.ours.push(await run(conversation));
        // What it still has to archive is its own cost, and not that of the others.
        ours.server.pause();
        if (room !== undefined) rounds.peer.push(await run(room));
        rounds.bare.push(await run(bare));
        ours.server.resume();
      }
      const [oursRate, bareRate] = [rate(rounds.ours), rate(rounds.bare)];
      const hasPeer = room !== undefined;
      const name = `direct, 3 capsules, ${inFlight} in flight`;
      const messages = compare(`${name}: messages/s`, oursRate, hasPeer ? rate(rounds.peer) : undefined);
      const ack = compare(
        `${name}: ack p50 ms`,
        latency(rounds.ours),
        hasPeer ? latency(rounds.peer) : undefined,
      );
      results.push(inFlight === 64 ? atLeastTimes(4, messages) : messages);
      results.push(inFlight === 1 ? atMostTimes(0.8, ack) : ack);
      const cost = compare(`${name}: ms a message, full / bare`, 1000 / oursRate, 1000 / bareRate);
      results.push(atMostTimes(1.5, cost));
    }
  } finally {
    await bare.close();
  }
  await settle(ours);
  return results;
}

export async function benchManyConversations(context: BenchContext): Promise<BenchResult[]> {
  const { ours, peer, generator, quick } = context;
  const conversations: Conversation[] = [];
  const rooms: Talk[] = [];
  for (let i = 0; i < 100; i += 1) {
    const conversation = await ours.converse();
    conversations.push(conversation);
    if (peer !== undefined) rooms.push(await peer.room(bodyOf(conversation)));
  }
  const rounds = { ours: [] as LoadFigures[], peer: [] as LoadFigures[] };
  for (let round = 0; round < (quick ? 1 : 3); round += 1) {
    const job = { inFlight: 2, until: { messages: quick ? 10 : 50 } };
    rounds.ours.push(await generator.run({ ...job, conversations }));
    ours.server.pause();
    if (peer !== undefined) rounds.peer.push(await generator.run({ ...job, conversations: rooms }));
    ours.server.resume();
  }
  await settle(ours);
  const hasPeer = peer !== undefined;
  const name = "100 direct conversations at once, 2 in flight each";
  return [
    compare(`${name}: messages/s`, rate(rounds.ours), hasPeer ? rate(rounds.peer) : undefined),
    compare(`${name}: ack p50 ms`, latency(rounds.ours), hasPeer ? latency(rounds.peer) : undefined),
  ];
}

/** What the generator can do when nobody holds it up. */
export async function benchGenerator({ ours, generator, quick }: BenchContext): Promise<BenchResult[]> {
  const { sender } = await ours.converse();
  const echo = await startChild(new URL("load/echo.ts", import.meta.url).pathname);
  const end = { ...sender, url: echo.origin.replace("http", "ws") };
  const results: BenchResult[] = [];
  for (const inFlight of [1, 64]) {
    const conversations = [{ sender: end, listeners: [end] }];
    const figures = await generator.run({ conversations, inFlight, until: until(quick) });
    results.push(
      compare(`load generator against an echo, ${inFlight} in flight: messages/s`, figures.messagesPerSecond),
    );
  }
  echo.close();
  return results;
}
