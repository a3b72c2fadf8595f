/**
 * Whether a message costs more in a long conversation than in a short one. The history is written straight into the
 * object's storage; then rounds of the same number of messages alternate between a long conversation and a short one,
 * both awake and warm.
 */
import { type BenchContext, settle } from "./context.ts";
import { fillHistory } from "./databases.ts";
import { bodyOf, type Conversation } from "./ours.ts";
import { atMostTimes, type BenchResult, compare, median } from "./result.ts";

const short = 1000;

export async function benchGrowth(context: BenchContext): Promise<BenchResult[]> {
  const sizes = context.quick ? [100_000] : [100_000, 1_000_000];
  const results: BenchResult[] = [];
  for (const long of sizes) results.push(await compareHistories(context, long));
  return results;
}

async function compareHistories(
  { ours, generator, quick }: BenchContext,
  long: number,
): Promise<BenchResult> {
  const histories = { short: await ours.converse(), long: await ours.converse() };
  const body = bodyOf(histories.short);
  await ours.whileDown((state) => {
    fillHistory(state, histories.short.conversationId, short, body);
    fillHistory(state, histories.long.conversationId, long, body);
  });
  /** Milliseconds a message. */
  const cost = async ({ sender, listeners }: Conversation, after: number): Promise<number> => {
    const conversations = [
      { sender: { ...sender, after }, listeners: listeners.map((listener) => ({ ...listener, after })) },
    ];
    const figures = await generator.run({
      conversations,
      inFlight: 64,
      until: { messages: quick ? 3000 : 6000 },
    });
    return 1000 / figures.messagesPerSecond;
  };
  await cost(histories.short, short);
  await cost(histories.long, long);
  const costs = { short: [] as number[], long: [] as number[] };
  for (let round = 0; round < (quick ? 3 : 7); round += 1) {
    // The order changes from round to round, so that a drift of the machine falls on both.
    for (const which of round % 2 === 0 ? (["short", "long"] as const) : (["long", "short"] as const)) {
      costs[which].push(await cost(histories[which], which === "short" ? short : long));
    }
    await settle(ours);
  }
  const name = `ms a message with ${long.toLocaleString("en")} messages of history / with 1,000`;
  return atMostTimes(1.1, compare(name, median(costs.long), median(costs.short)));
}
