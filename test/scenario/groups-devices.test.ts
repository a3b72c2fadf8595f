/** Groups of people with several devices, devices that come and go, and devices that were away. */
import { expect, test } from "vitest";
import { openCrowd } from "../support/crowd.ts";
import { accountIn, everyoneHas, groupView, said } from "../support/group-stage.ts";
import { eventually, isOnline, type LivePerson, reopen } from "../support/people.ts";

const { server, people, person, further } = await openCrowd();

/** Which sender keys the frames of a client used, in order, each once. */
function senderKeysOf({ network }: LivePerson): string[] {
  const bodies = network.wire
    .filter(({ place }) => place === "up")
    .flatMap(({ text }) => [...text.matchAll(/"body":"([A-Za-z0-9_-]+)"/g)])
    .map(([, body = ""]) => Buffer.from(body, "base64url"))
    .filter((body) => body[1] === 0x30);
  return [...new Set(bodies.map((body) => body.subarray(23, 31).toString("hex")))];
}

test("[CL203] a device that joins reads from then on; one that is signed out reads nothing more, under a new key", async () => {
  const [anna, ben] = [await person("dev.anna"), await person("dev.ben")];
  const { conversationId } = await anna.client.createGroup({ name: "Devices", usernames: ["dev.ben"] });
  await everyoneHas([anna, ben], conversationId, "dev.anna created dev.ben");
  await anna.client.sendText(conversationId, "to two devices");
  await everyoneHas([ben], conversationId, "dev.anna: to two devices");

  const ben2 = await further(ben);
  await anna.client.sendText(conversationId, "to three devices");
  await everyoneHas([ben, ben2], conversationId, "dev.anna: to three devices");
  expect(await said(ben2.client, conversationId)).toEqual([
    "dev.anna created dev.ben",
    "dev.anna: [before_this_device]",
    "dev.anna: to three devices",
  ]);
  await ben2.client.sendText(conversationId, "from my second one");
  await everyoneHas([anna, ben, ben2], conversationId, "dev.ben: from my second one");
  expect(senderKeysOf(anna)).toHaveLength(1); // whoever comes gets the key there is

  await ben2.client.logout("device");
  await anna.client.sendText(conversationId, "not for the second one");
  await everyoneHas([anna, ben], conversationId, "dev.anna: not for the second one");
  expect(senderKeysOf(anna)).toHaveLength(2);
});

test("[CL204] who was away catches up: messages, people who came and went, and the own outbox", async () => {
  const names = ["away.anna", "away.ben", "away.carl", "away.dora"];
  const [anna, ben, carl, dora] = await Promise.all(names.map(person));
  if (!anna || !ben || !carl || !dora) throw new Error("four people");
  const { conversationId } = await anna.client.createGroup({ name: "Away", usernames: names.slice(1, 3) });
  await everyoneHas([anna, ben, carl], conversationId, "away.anna created away.ben, away.carl");
  carl.network.unplug();
  await eventually("carl notices", async () => (await carl.client.connectionStatus()).state === "waiting");
  await carl.client.sendText(conversationId, "written on a train");
  for (const text of ["one", "two", "three"]) await anna.client.sendText(conversationId, text);
  await everyoneHas([anna, ben], conversationId, "away.anna: three");
  await anna.client.addMembers(conversationId, ["away.dora"]);
  await everyoneHas([anna, ben, dora], conversationId, "away.anna added away.dora");
  await anna.client.removeMember(conversationId, await accountIn(anna.client, conversationId, "away.ben"));
  await dora.client.sendText(conversationId, "nice to be here");
  await everyoneHas([anna, dora], conversationId, "away.dora: nice to be here");

  carl.network.plugIn();
  await everyoneHas([anna, carl, dora], conversationId, "away.carl: written on a train");
  expect(await said(carl.client, conversationId)).toEqual(await said(anna.client, conversationId));
  await eventually("the removed one knows", async () => {
    return (await groupView(ben.client, conversationId))?.membership === "removed";
  });
  expect((await said(ben.client, conversationId)).join()).not.toContain("train");
  expect((await said(dora.client, conversationId))[0]).toBe("away.anna added away.dora");

  // A process that ends and begins again goes on where it was.
  const again = await reopen(server.origin, carl);
  people.push(again);
  await again.client.sendText(conversationId, "after a nap");
  await everyoneHas([anna, dora, again], conversationId, "away.carl: after a nap");
  await anna.client.sendText(conversationId, "sleep well?");
  await everyoneHas([anna, dora, again], conversationId, "away.anna: sleep well?");
});

test("[CL205] ticks of own messages: delivered when all have it, read when all have read it, and who exactly", async () => {
  const [anna, ben, carl] = [await person("tick.anna"), await person("tick.ben"), await person("tick.carl")];
  const { conversationId } = await anna.client.createGroup({
    name: "Ticks",
    usernames: ["tick.ben", "tick.carl"],
  });
  await everyoneHas([ben, carl], conversationId, "tick.anna created tick.ben, tick.carl");
  carl.network.unplug();
  await anna.client.sendText(conversationId, "who has it?");
  await everyoneHas([anna, ben], conversationId, "tick.anna: who has it?");
  const own = async () => (await anna.client.listMessages(conversationId, { limit: 1 })).messages[0];
  const seq = await eventually("sent", async () => {
    const message = await own();
    return message?.delivery === "sent" && message.seq;
  });
  const unread = async ({ client }: LivePerson) => (await groupView(client, conversationId))?.unread;
  expect(await unread(ben)).toBe(1);
  await eventually("one of two devices has it", async () => {
    const info = await anna.client.messageInfo(conversationId, seq);
    return info.devices === 2 && info.readableOn === 1;
  });
  await ben.client.markRead(conversationId, seq);
  await eventually("ben has read it", async () => {
    const { members } = await anna.client.messageInfo(conversationId, seq);
    const mark = (name: string) => members.find(({ username }) => username === name);
    return mark("tick.ben")?.read === true && mark("tick.carl")?.delivered === false;
  });
  expect((await own())?.delivery).toBe("sent");
  expect(await unread(ben)).toBe(0);

  carl.network.plugIn();
  await eventually("all have it", async () => (await own())?.delivery === "delivered");
  await carl.client.markRead(conversationId, seq);
  await eventually("all have read it", async () => (await own())?.delivery === "read");
  await expect(ben.client.messageInfo(conversationId, seq)).rejects.toMatchObject({ code: "too_old" });

  await ben.client.openConversation(conversationId);
  await eventually("ben is there", () => isOnline(ben.client));
  await eventually("anna sees who types", async () => {
    await ben.client.setTyping(conversationId, true);
    return (await groupView(anna.client, conversationId))?.typing?.username === "tick.ben";
  });
});
