/** Who tries to hand over more of a group's past than was given, with real clients of the real server. */
import { expect, test } from "vitest";
import { AccountSession } from "#core/account/account-session.ts";
import { historyShareTable, type HistoryShareRecord } from "#core/store/group-tables.ts";
import { restoredKeyTable } from "#core/store/backup-tables.ts";
import type { Records } from "#core/store/records.ts";
import { devicePositionTable, under } from "#core/store/tables.ts";
import { EventHub } from "#core/sync/event-hub.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { listMessages } from "#schema/http/conversations.ts";
import { openCrowd } from "../support/crowd.ts";
import { accountIn, everyoneHas, said } from "../support/group-stage.ts";
import { eventually, type LivePerson, reopen } from "../support/people.ts";

const { server, people, person } = await openCrowd();

/** Works on what a device has stored while nothing else runs on it; the device itself is online meanwhile. */
async function inside<Result>(
  someone: LivePerson,
  work: (records: Records, session: AccountSession) => Promise<Result>,
): Promise<Result> {
  await someone.client.close();
  const { environment } = someone.network;
  const session = await AccountSession.open(environment, someone.storage, new EventHub(environment));
  try {
    return await work(session.records, session);
  } finally {
    await session.close();
  }
}

/** Makes a device believe that it owes keys. */
async function owe(
  someone: LivePerson,
  id: ConversationId,
  epoch: number,
  share: HistoryShareRecord,
): Promise<LivePerson> {
  await inside(someone, async (records) => {
    await records.transact(async (transaction) => {
      const key = `${id}/${String(epoch).padStart(14, "0")}`;
      await transaction.get(historyShareTable, key);
      transaction.put(historyShareTable, key, share);
    });
    await eventually("the keys are sent", async () => (await records.list(historyShareTable)).length === 0);
  });
  const again = await reopen(server.origin, someone);
  people.push(again);
  await eventually("confirmed", async () => !(await again.client.group(id)).isHandingOver);
  return again;
}

test("[CL253] [ATTACK 56] keys from another member, or of more than the operation gave, are not taken", async () => {
  const [anna, ben, carl] = await Promise.all(["more.anna", "more.ben", "more.carl"].map(person));
  if (!anna || !ben || !carl) throw new Error("three people");
  const { conversationId: id } = await anna.client.createGroup({ name: "More", usernames: ["more.ben"] });
  for (let index = 1; index <= 102; index += 1) await anna.client.sendText(id, `line ${index}`);
  await everyoneHas([anna, ben], id, "more.anna: line 102");
  await anna.client.addMembers(id, ["more.carl"], "recent");
  await everyoneHas([carl, ben], id, "more.anna added more.carl with 100");
  await eventually("carl reads", async () => (await said(carl.client, id)).includes("more.anna: line 3"));
  const account = (await accountIn(anna.client, id, "more.carl")) as AccountId;

  const positionOf = async (records: Records) =>
    (await records.read(devicePositionTable, "self"))?.position ?? 0;
  const keysOf = async (records: Records) => {
    const chunks = await records.list(restoredKeyTable, under(id));
    return chunks.flatMap(({ value }) => value.entries.map(({ seq }) => seq));
  };
  const before = await inside(carl, async (records) => {
    const found = { position: await positionOf(records), keys: await keysOf(records) };
    await records.transact(async (transaction) => {
      for (const { key } of await transaction.list(restoredKeyTable)) {
        await transaction.get(restoredKeyTable, key);
        transaction.delete(restoredKeyTable, key);
      }
    });
    return found;
  });
  expect(before.keys).toHaveLength(100);
  const lowest = Math.min(...before.keys);
  await owe(ben, id, 2, { accounts: [account], from: lowest, below: lowest + 200 });
  const annaAgain = await owe(anna, id, 2, { accounts: [account], from: 1, below: lowest + 1 });
  await inside(carl, async (records, session) => {
    // Four from ben, one from anna.
    await eventually("all came", async () => (await positionOf(records)) >= before.position + 5);
    expect(await keysOf(records)).toEqual([]);
    await owe(annaAgain, id, 2, { accounts: [account], from: lowest, below: lowest + 10 });
    await eventually("what was given comes again", async () => (await keysOf(records)).length > 0);
    expect(await keysOf(records)).toEqual(before.keys.slice(0, 10));
    const { engine } = session.session();
    const page = await engine.call(listMessages, {
      params: { conversation: id },
      query: { before: lowest + 1, limit: 100 },
    });
    expect(page.messages.map(({ seq }) => seq)).toEqual([lowest]);
  });
});
