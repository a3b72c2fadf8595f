/**
 * Hours of bad luck in short: many clients write while connections break, clients and the server die, and objects are
 * put to sleep; then everything comes to rest and the oracle judges. Two halves: in the first the server dies too; in
 * the second it lives, so that its memory can be followed.
 */
import type { SeededRandom } from "../support/crypto/seeded-random.ts";
import { seededRandom } from "../support/crypto/seeded-random.ts";
import { eventually } from "../support/people.ts";
import { freePort, startServer, type TestServer } from "../support/server.ts";
import { cast, type CastOptions, type SoakConversation } from "./cast.ts";
import { judge } from "./oracle.ts";
import { inWords, type Sample, sampleOf } from "./samples.ts";
import { archivedLog, keptLog, storedConversations } from "./storage.ts";

export interface SoakOptions extends CastOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** Share of the time in which the server dies now and then; in the rest it lives, and its memory is followed. */
  readonly stormShare: number;
  /** Of all clients together. */
  readonly messagesPerSecond: number;
  /** One of each kind of bad luck within this time. */
  readonly faultEveryMs: number;
  readonly sampleEveryMs: number;
  readonly note: (line: string) => void;
}

export type SoakFault = "disconnects" | "client_kills" | "server_kills" | "evictions" | "group_changes";

export interface SoakReport {
  readonly violations: readonly string[];
  readonly messages: number;
  readonly faults: Readonly<Record<SoakFault, number>>;
  readonly samples: readonly Sample[];
  readonly serverOutput: string;
}

const settleMs = 180_000;

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const inspectorPort = await freePort();
  const server = await startServer({ inspectorPort });
  const conversations: SoakConversation[] = [];
  try {
    const startedAtMs = Date.now();
    conversations.push(...(await cast(server.origin, options)));
    options.note(`cast ready after ${seconds(startedAtMs)} s`);
    const faults = { disconnects: 0, client_kills: 0, server_kills: 0, evictions: 0, group_changes: 0 };
    const samples = await run({ server, inspectorPort, conversations, faults }, options);
    for (const { reunite } of conversations) await reunite?.();
    const violations = await judgeAll(server, conversations);
    const messages = storedConversations(server.state).reduce((sum, { lastSeq }) => sum + lastSeq, 0);
    return { violations, messages, faults, samples, serverOutput: server.output() };
  } catch (error) {
    const words = server.output().replaceAll(/^(Conversation|Inbox) .*\n/gm, "");
    throw new Error(`the soak broke off; the server's last words:\n${words.slice(-8_000)}`, {
      cause: error,
    });
  } finally {
    for (const { clients } of conversations)
      await Promise.allSettled(clients.map((client) => client.close()));
    await server.close();
  }
}

interface Stage {
  readonly server: TestServer;
  readonly inspectorPort: number;
  readonly conversations: readonly SoakConversation[];
  readonly faults: Record<SoakFault, number>;
}

/** Writes and breaks things until the time is over. */
async function run(
  { server, inspectorPort, conversations, faults }: Stage,
  options: SoakOptions,
): Promise<Sample[]> {
  const random = seededRandom(options.seed);
  const clients = conversations.flatMap((conversation) => conversation.clients);
  const samples: Sample[] = [];
  const startedAtMs = Date.now();
  const isOver = (): boolean => Date.now() - startedAtMs >= options.durationMs;
  const isStormOver = (): boolean => Date.now() - startedAtMs >= options.durationMs * options.stormShare;
  let isServerUp = true;

  const writing = repeat(isOver, 1000 / options.messagesPerSecond, async () => {
    await pick(clients, random).write();
  });
  const sampling = repeat(isOver, options.sampleEveryMs, async () => {
    const kills = faults.server_kills;
    const phase = isStormOver() ? "steady" : "stormy";
    const atSeconds = (Date.now() - startedAtMs) / 1000;
    const sample = await sampleOf(server, inspectorPort, { phase, atSeconds }).catch((error: unknown) => {
      // Between death and restart there is nothing to measure.
      if (kills === faults.server_kills && isServerUp) throw error;
      return undefined;
    });
    if (sample === undefined) return;
    samples.push(sample);
    options.note(inWords(sample));
  });
  const breaking = repeat(isOver, options.faultEveryMs / 4, async (round) => {
    const kind = (["disconnects", "client_kills", "evictions", "server_kills"] as const)[round % 4]!;
    if (kind === "server_kills") {
      if (isStormOver()) return;
      isServerUp = false;
      await server.kill();
      await server.restart();
      isServerUp = true;
      faults.server_kills += 1;
      return;
    }
    const share = 0.05 + random.next() * 0.25;
    if (kind === "evictions") {
      for (const { conversationId, accounts } of some(conversations, share, random)) {
        await server.evict("Conversation", conversationId);
        await server.evict("Inbox", pick(accounts, random));
        faults.evictions += 2;
      }
      return;
    }
    for (const client of some(clients, share, random)) {
      if (kind === "disconnects") client.disconnect();
      else await client.kill();
      faults[kind] += 1;
    }
  });
  const groups = conversations.flatMap(({ change }) => change ?? []);
  const changing = repeat(isOver, options.faultEveryMs / 4, async () => {
    if (groups.length === 0) return;
    await pick(groups, random)(random.below(1_000));
    faults.group_changes += 1;
  });
  await Promise.all([writing, sampling, breaking, changing]);
  return samples;
}

/** Waits until everybody has everything, and compares. */
async function judgeAll(server: TestServer, conversations: readonly SoakConversation[]): Promise<string[]> {
  const violations: string[] = [];
  for (const { conversationId, clients } of conversations) {
    try {
      await eventually(
        `${conversationId} comes to rest`,
        async () => {
          const lastSeq = lastSeqOf(server, conversationId);
          const settled = await Promise.all(clients.map((client) => client.isSettled(lastSeq)));
          return settled.every(Boolean) && archivedLog(server.state, conversationId).length === lastSeq;
        },
        settleMs,
      );
    } catch (error) {
      violations.push(String(error));
    }
    const log = archivedLog(server.state, conversationId);
    const kept = keptLog(server.state, conversationId);
    const witnesses = await Promise.all(clients.map((client) => client.witness()));
    // The object may have let go of its oldest messages, which the archive keeps.
    if (JSON.stringify(kept) !== JSON.stringify(log.slice(log.length - kept.length)))
      violations.push(`${conversationId}: archive and object differ`);
    violations.push(...judge(log, witnesses).map((fault) => `${conversationId}: ${fault}`));
  }
  return violations;
}

function lastSeqOf(server: TestServer, conversationId: string): number {
  return (
    storedConversations(server.state).find((each) => each.conversationId === conversationId)?.lastSeq ?? 0
  );
}

/** Does `work` every `everyMs` until it is over; a late one is followed at once by the next. */
async function repeat(
  isOver: () => boolean,
  everyMs: number,
  work: (round: number) => Promise<void> | void,
): Promise<void> {
  const startedAtMs = Date.now();
  for (let round = 0; !isOver(); round += 1) {
    await work(round);
    const waitMs = startedAtMs + (round + 1) * everyMs - Date.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs)); // the pace is the subject here
  }
}

function pick<Item>(items: readonly Item[], random: SeededRandom): Item {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

/** At least one. */
function some<Item>(items: readonly Item[], share: number, random: SeededRandom): Item[] {
  const chosen = items.filter(() => random.chance(share));
  return chosen.length > 0 ? chosen : [pick(items, random)];
}

const seconds = (sinceMs: number): string => ((Date.now() - sinceMs) / 1000).toFixed(1);
