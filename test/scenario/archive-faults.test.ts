/**
 * The archive's database fails, then hangs for minutes, on the real server: messages and receipts go on as if nothing
 * were the matter, and when it is back it has everything, once and in order.
 */
import { afterAll, expect, test } from "vitest";
import { RawClient } from "../soak/raw-client.ts";
import { judge } from "../soak/oracle.ts";
import { directSpeech } from "../soak/speech.ts";
import { archivedLog, keptLog, timedWorkOf } from "../soak/storage.ts";
import { eventually } from "../support/people.ts";
import { addRawDevice, createRawConversation, registerRaw } from "../support/raw-account.ts";
import { startServer } from "../support/server.ts";

/** Longer than the object waits for an answer, so that hanging writes are given up and made again. */
const hangMs = 40_000;

const server = await startServer({ wrapper: "faulty" });
const clients: RawClient[] = [];
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await server.close();
});

async function converse(name: string): Promise<{ conversationId: string; members: RawClient[] }> {
  const accounts = await Promise.all(["a", "b"].map((side) => registerRaw(server.origin, `${name}${side}`)));
  for (const account of accounts) await addRawDevice(server.origin, account);
  const [first, second] = accounts;
  const conversationId = await createRawConversation(server.origin, first!.devices[0]!, second!);
  const members = accounts.flatMap((account) =>
    account.devices.map((device) => {
      const speech = directSpeech(conversationId, accounts, account, device);
      return new RawClient(server.origin, conversationId, speech, account, device);
    }),
  );
  clients.push(...members);
  return { conversationId, members };
}

/** Each member writes `each` messages; resolves when everybody has all of them. */
async function chat(members: readonly RawClient[], each: number, lastSeq: number): Promise<number> {
  const startedAtMs = performance.now();
  for (let round = 0; round < each; round += 1) for (const member of members) await member.write();
  await eventually(`everybody has ${lastSeq}`, async () =>
    (await Promise.all(members.map((member) => member.isSettled(lastSeq)))).every(Boolean),
  );
  return performance.now() - startedAtMs;
}

test("[CV80] an archive that fails, then hangs longer than anyone waits for it, delays nothing and ends up with everything", async () => {
  const { conversationId, members } = await converse("faults");
  const archived = (): number => archivedLog(server.state, conversationId).length;
  const failedCopies = (): number =>
    server.output().match(/"event":"alarm_failed","object":"conversation","alarm":"archive"/g)?.length ?? 0;
  await chat(members, 3, 12);
  await eventually("the first copy", () => archived() === 12);

  await server.setArchive("fails");
  await chat(members, 3, 24);
  await eventually("a copy fails", () => failedCopies() === 1);
  expect(archived()).toBe(12);

  await server.setArchive("hangs");
  await chat(members, 3, 36);
  await eventually("a copy hangs", () => server.output().includes("archive kept waiting"));
  const hungAtMs = Date.now();
  let lastSeq = 36;
  let slowestMs = 0;
  while (Date.now() - hungAtMs < hangMs) {
    lastSeq += members.length;
    slowestMs = Math.max(slowestMs, await chat(members, 1, lastSeq));
    const expected = lastSeq;
    await eventually("receipts are stored, and inboxes told", () => {
      const { deliveredSeq, alarms } = timedWorkOf(server.state, conversationId);
      return deliveredSeq >= expected - 1 && !alarms.includes("fan_out");
    });
  }
  expect(archived()).toBe(12);
  expect(failedCopies()).toBe(2);

  await server.setArchive("works");
  await eventually("the archive has caught up", () => archived() === lastSeq, 120_000);
  const log = archivedLog(server.state, conversationId);
  expect(keptLog(server.state, conversationId)).toEqual(log);
  expect(judge(log, await Promise.all(members.map((member) => member.witness())))).toEqual([]);
  console.log(
    `${lastSeq} messages; the slowest round of ${members.length} took ${slowestMs.toFixed(0)} ms while the archive hung`,
  );
}, 240_000);
