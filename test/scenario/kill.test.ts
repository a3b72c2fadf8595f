/**
 * The server dies by SIGKILL at random instants while four people write in four conversations, and starts again on
 * what it left on disk. Clients come back by themselves: the test gives them the `online` event that a browser gives
 * when the network returns, so that back-off (up to 30 s) does not make the suite slow.
 *
 * What this does not show: loss of power (the operating system lives on), or a server whose disk is gone.
 */
import { afterAll, expect, test } from "vitest";
import type { MessageView } from "#core/client-api.ts";
import type { ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { type ArchivedRow, archivedRows } from "../support/archive-rows.ts";
import { seededRandom } from "../support/crypto/seeded-random.ts";
import { allMessages, eventually, isOnline, type LivePerson, signUp, textOf } from "../support/people.ts";
import { rawRequest } from "../support/raw-account.ts";
import { startServer } from "../support/server.ts";
import { listenToFrames, Writer } from "../support/traffic.ts";

const seed = 20_261_121;
const kills = 30;
/** Messages on their way in each direction of each conversation. */
const ahead = 4;
/** A kill comes this long after the server was healthy again: most in the first rush, some when the archive is written. */
const early = { earliestMs: 150, latestMs: 850 } as const;
const late = { share: 0.3, earliestMs: 1_700, latestMs: 2_700 } as const;

const server = await startServer();
const people: LivePerson[] = [];
afterAll(async () => {
  await Promise.all(people.map(({ client }) => client.close()));
  await server.close();
});

interface Conversation {
  readonly conversationId: ConversationId;
  readonly writers: readonly Writer[];
}

async function startConversations(): Promise<Conversation[]> {
  const [anna, ben, carla, dora] = await Promise.all(
    ["anna", "ben", "carla", "dora"].map((name) => signUp(server.origin, name)),
  );
  if (!anna || !ben || !carla || !dora) throw new Error("nobody came");
  people.push(anna, ben, carla, dora);
  const pairs: [LivePerson, LivePerson][] = [
    [anna, ben],
    [anna, carla],
    [ben, carla],
    [carla, dora],
  ];
  const conversations: Conversation[] = [];
  for (const pair of pairs) {
    const [first, second] = pair;
    const { conversationId } = await first.client.startConversation(second.username);
    await second.client.startConversation(first.username);
    conversations.push({
      conversationId,
      writers: pair.map((person) => new Writer(person, conversationId, ahead)),
    });
  }
  return conversations;
}

/** The whole log as the conversation object gives it out, page by page. */
async function historyOf(person: LivePerson, conversationId: ConversationId): Promise<ArchivedRow[]> {
  const rows: ArchivedRow[] = [];
  for (;;) {
    const path = `/api/conversations/${conversationId}/messages?limit=${limits.pageMax}&after=${rows.length}`;
    const { body } = await rawRequest(server.origin, "GET", path, { token: person.network.accessToken });
    if (!body.success) throw new Error(body.error.code);
    const page = body.data as unknown as {
      messages: (ArchivedRow & { conversationId: string; capsule?: string })[];
      more: boolean;
    };
    for (const { seq, sender, clientMessageId, serverTimeMs, body: sealed } of page.messages) {
      rows.push({ seq, sender, clientMessageId, serverTimeMs, body: sealed });
    }
    if (!page.more) return rows;
  }
}

const identity = ({ seq, clientMessageId, sender }: MessageView) => [seq, clientMessageId, sender];

test("[CV40] [CL80] whatever was acknowledged survives 30 kills: once, in one order, everywhere", async () => {
  const random = seededRandom(seed);
  const conversations = await startConversations();
  const writers = conversations.flatMap((conversation) => conversation.writers);
  listenToFrames(writers);
  for (const writer of writers) writer.start();
  await eventually("the first acknowledgements", () =>
    writers.every(({ acknowledged }) => acknowledged.size > 0),
  );

  const startedAtMs = Date.now();
  const inFlightAtKill: number[] = [];
  const killedAtMs: number[] = [];
  const archivedAtKill: number[] = [];
  for (let round = 0; round < kills; round += 1) {
    const { earliestMs, latestMs } = random.chance(late.share) ? late : early;
    const afterMs = earliestMs + random.below(latestMs - earliestMs);
    await new Promise((resolve) => setTimeout(resolve, afterMs)); // the instant is the subject here
    inFlightAtKill.push(writers.reduce((sum, { inFlight }) => sum + inFlight, 0));
    killedAtMs.push(Date.now());
    await server.kill();
    archivedAtKill.push(
      conversations.reduce((sum, each) => sum + archivedRows(server.state, each.conversationId).length, 0),
    );
    await server.restart();
    for (const { network } of people) network.announceOnline();
  }
  await Promise.all(writers.map((writer) => writer.stop()));
  const settled = () => writers.every(({ unacknowledged }) => unacknowledged === 0);
  await eventually("every message acknowledged", settled, 60_000);
  for (const { client } of people) await eventually("online", () => isOnline(client));

  let total = 0;
  for (const { conversationId, writers: pair } of conversations) {
    const written = pair.reduce((sum, writer) => sum + writer.written.length, 0);
    total += written;
    const views = await Promise.all(pair.map(({ person }) => viewAt(person, conversationId, written)));
    const [first = [], second = []] = views;

    expect(first.map(({ seq }) => seq)).toEqual(Array.from({ length: written }, (_, index) => index + 1));
    expect(second.map(identity)).toEqual(first.map(identity));
    expect(second.map(textOf)).toEqual(first.map(textOf));
    expect(new Set(first.map(({ clientMessageId }) => clientMessageId)).size).toBe(written);
    for (const writer of pair) {
      expect(writer.contradictions).toEqual([]);
      const own = first.filter(({ clientMessageId }) => writer.acknowledged.has(clientMessageId));
      expect(own.map(textOf)).toEqual(writer.written.map(({ text }) => text));
      expect(own.map(({ seq }) => seq)).toEqual(
        writer.written.map(({ id }) => writer.acknowledged.get(id)?.seq),
      );
    }

    const [{ person } = pair[1]!] = pair;
    const history = await historyOf(person, conversationId);
    expect(history.map(({ seq, clientMessageId }) => [seq, clientMessageId])).toEqual(
      first.map(({ seq, clientMessageId }) => [seq, clientMessageId]),
    );
    const archived = await eventually(
      "the drain into the archive",
      () => {
        const rows = archivedRows(server.state, conversationId);
        return rows.length >= written && rows;
      },
      60_000,
    );
    expect(archived).toEqual(history);
  }

  await expectReceipts(conversations);
  expectQuietLog(server.output());

  const resent = writers.reduce((sum, { sent }) => sum + [...sent.values()].filter((n) => n > 1).length, 0);
  const straddling = writers.flatMap(({ acknowledged }) =>
    [...acknowledged.values()].filter(({ serverTimeMs, seenAtMs }) =>
      killedAtMs.some((atMs) => serverTimeMs <= atMs && atMs < seenAtMs),
    ),
  ).length;
  const hits = inFlightAtKill.filter((count) => count > 0).length;
  const archiving = archivedAtKill.filter((rows, index) => rows > (archivedAtKill[index - 1] ?? 0)).length;
  console.log(
    `seed ${seed}: ${kills} kills in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s, ${hits} of them with ` +
      `messages in flight (${inFlightAtKill.join(" ")}); ${total} messages, ${resent} sent more than once, ` +
      `${straddling} durable before a kill and acknowledged after it; the archive grew in ${archiving} of the lives`,
  );
  expect(hits).toBeGreaterThanOrEqual(kills * 0.75);
  expect(resent).toBeGreaterThan(0);
  expect(straddling).toBeGreaterThan(0);
  expect(archiving).toBeGreaterThan(2);
}, 240_000);

/** Waits until a member has everything, and shows it. */
function viewAt(person: LivePerson, conversationId: ConversationId, count: number): Promise<MessageView[]> {
  return eventually(
    `${person.username} has all ${count}`,
    async () => {
      const all = await person.client.listConversations();
      const conversation = all.find((each) => each.conversationId === conversationId);
      if (conversation === undefined || conversation.lastSeq < count) return false;
      const messages = await allMessages(person.client, conversationId);
      const isComplete = messages.length === count && messages.every(({ seq }) => seq !== undefined);
      return isComplete && messages;
    },
    60_000,
  );
}

/** Nothing read: all of the other's messages are unread. Everything read: nothing is, and the senders know. */
async function expectReceipts(conversations: readonly Conversation[]): Promise<void> {
  for (const { conversationId, writers } of conversations) {
    const [first, second] = writers;
    if (first === undefined || second === undefined) throw new Error("a conversation of one");
    const counts = [
      [first, second.written.length],
      [second, first.written.length],
    ] as const;
    for (const [{ person }, others] of counts) {
      const lastSeq = first.written.length + second.written.length;
      const before = await conversationOf(person, conversationId);
      expect([before.unread, before.lastSeq]).toEqual([others, lastSeq]);
      await person.client.markRead(conversationId, lastSeq);
      expect((await conversationOf(person, conversationId)).unread).toBe(0);
    }
    for (const { person } of writers) {
      await eventually(`${person.username} sees everything read`, async () => {
        const own = (await allMessages(person.client, conversationId)).filter(({ mine }) => mine);
        return own.every(({ delivery }) => delivery === "read");
      });
    }
  }
}

async function conversationOf(person: LivePerson, conversationId: ConversationId) {
  const found = (await person.client.listConversations()).find(
    (each) => each.conversationId === conversationId,
  );
  if (found === undefined) throw new Error("the conversation is gone");
  return found;
}

/** Only what a death of the process explains: calls between objects that failed, never a failed flush or frame. */
function expectQuietLog(output: string): void {
  const events = output.split("\n").flatMap((line) => /"event":"(\w+)"/.exec(line)?.[1] ?? []);
  expect(
    events.filter((event) => !["call_failed", "alarm_failed", "object_call_retried"].includes(event)),
  ).toEqual([]);
  expect(output).not.toMatch(/uncaught|SQLITE_CORRUPT|malformed database/i);
}
