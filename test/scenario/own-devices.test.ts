/** Devices of one account: groups hear of revoked ones, lists that a server hides are noticed, drafts go along. */
import { expect, test } from "vitest";
import { Client } from "#core/client.ts";
import type { DeviceDirectory } from "#schema/http/devices.ts";
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { parseDeviceList } from "#schema/envelope/device-list.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { openCrowd } from "../support/crowd.ts";
import { everyoneHas, groupView, said } from "../support/group-stage.ts";
import { allMessages, eventually, type LivePerson, textOf } from "../support/people.ts";

const { people, person, further } = await openCrowd();

/** The same device as a new process that waits for nobody else to tell the groups. */
async function hurried(someone: LivePerson): Promise<LivePerson> {
  await someone.client.close();
  const { environment } = someone.network;
  const client = await Client.open(
    {
      ...environment,
      setTimer: (delayMs, callback) => environment.setTimer(delayMs === 25_000 ? 100 : delayMs, callback),
    },
    someone.storage,
  );
  const again = { ...someone, client };
  people.push(again);
  return again;
}

async function ownId({ client }: LivePerson): Promise<{ account: AccountId; deviceId: number }> {
  const status = await client.accountStatus();
  if (status.state !== "signed_in") throw new Error("not signed in");
  return status;
}

async function epochOf({ client }: LivePerson, conversationId: ConversationId): Promise<number> {
  return (await client.group(conversationId)).epoch;
}

test("[CL145] who removes a device tells every group: new keys for messages and name, and nobody sees a line of it", async () => {
  const [anna, ben] = [await person("told.anna"), await person("told.ben")];
  const tablet = await further(anna);
  const { conversationId } = await anna.client.createGroup({ name: "Told", usernames: ["told.ben"] });
  await everyoneHas([anna, ben, tablet], conversationId, "told.anna created told.ben");
  for (const { client, username } of [anna, ben])
    await client.sendText(conversationId, `hello of ${username}`);
  await eventually("the tablet reads", async () => (await said(tablet.client, conversationId)).length === 3);
  const { deviceId } = await ownId(tablet);
  await anna.client.removeDevice({ deviceId, recoveryCode: anna.recoveryCode });
  await eventually("the group has heard", async () => (await epochOf(ben, conversationId)) === 2);

  await anna.client.renameGroup(conversationId, "Without the tablet");
  await everyoneHas([anna, ben], conversationId, "told.anna renamed Without the tablet");
  await ben.client.sendText(conversationId, "just us");
  await everyoneHas([anna, ben], conversationId, "told.ben: just us");
  const lines = await said(ben.client, conversationId);
  expect(lines).toHaveLength(5);
  expect((await said(tablet.client, conversationId)).join()).not.toMatch(/Without|just us/);
});

test("[CL145] when who removed it is gone at once, the others make up for it, once", async () => {
  const [anna, ben] = [await person("heal.anna"), await person("heal.ben")];
  const tablet = await further(anna);
  const [laptop, desk] = [await further(anna), await further(anna)];
  const { conversationId } = await anna.client.createGroup({ name: "Heal", usernames: ["heal.ben"] });
  await everyoneHas([anna, ben, laptop, desk], conversationId, "heal.anna created heal.ben");
  // Nothing of this device arrives any more as soon as the list is published.
  anna.network.tamperAnswer = (path, answer) => {
    if (path.endsWith("/devices/list")) anna.network.unplug();
    return answer;
  };
  const { deviceId } = await ownId(tablet);
  await anna.client.removeDevice({ deviceId, recoveryCode: anna.recoveryCode }).catch(() => undefined);
  await anna.client.close();
  await eventually("the laptop knows", async () => {
    return !(await laptop.client.listDevices()).some((device) => device.deviceId === deviceId);
  });
  const healers = await Promise.all([hurried(laptop), hurried(desk)]);
  await eventually("the group has heard", async () => (await epochOf(ben, conversationId)) === 2);
  for (const healer of healers) {
    await eventually("both know", async () => (await epochOf(healer, conversationId)) === 2, 60_000);
    await healer.client.sendText(conversationId, "still here");
  }
  await eventually("both are read", async () => {
    return (
      (await said(ben.client, conversationId)).filter((line) => line.endsWith("still here")).length === 2
    );
  });
  expect(await epochOf(ben, conversationId)).toBe(2);
}, 120_000);

/** Only first lists of `account` come through, whoever asks. */
function hideLists({ network }: LivePerson, account: AccountId): void {
  network.tamperAnswer = async (path, answer) => {
    if (!path.startsWith(`/api/accounts/${account}/devices`)) return answer;
    const body = (await answer.json()) as { data: DeviceDirectory };
    const lists = body.data.lists.filter((list) => parseDeviceList(decodeBase64url(list)).version === 1);
    return Response.json({ ...body, data: { ...body.data, lists } });
  };
}

async function withheld({ client }: LivePerson, id: ConversationId) {
  const view = (await client.listConversations()).find(({ conversationId }) => conversationId === id);
  return view?.devicesWithheld.map(({ username, isMe }) => ({ username, isMe }));
}

test("[CL146] [ATTACK 45] a server that denies a device list which devices vouch for is noticed, until it gives it", async () => {
  const [anna, ben] = [await person("hide.anna"), await person("hide.ben")];
  const { conversationId } = await anna.client.startConversation("hide.ben");
  await anna.client.sendText(conversationId, "hello");
  await eventually("ben reads", async () => {
    const known = await ben.client.listConversations();
    return known.length === 1 && (await allMessages(ben.client, conversationId)).length === 1;
  });
  await ben.client.sendText(conversationId, "hello anna");
  await eventually("anna reads", async () => (await allMessages(anna.client, conversationId)).length === 2);
  expect(await withheld(anna, conversationId)).toEqual([]);

  hideLists(anna, (await ownId(ben)).account);
  await further(ben);
  await ben.client.sendText(conversationId, "I have a tablet now");
  await eventually("anna is warned", async () => {
    return JSON.stringify(await withheld(anna, conversationId)) === '[{"username":"hide.ben","isMe":false}]';
  });
  expect((await allMessages(anna.client, conversationId)).map(textOf).at(-1)).toBe("I have a tablet now");

  anna.network.tamperAnswer = (_path, answer) => answer;
  await anna.client.sendText(conversationId, "good");
  await eventually("it is over", async () => (await withheld(anna, conversationId))?.length === 0);
});

test("[CL146] [ATTACK 45] a server that hides a device of the own account is given away by whoever writes to it", async () => {
  const [anna, ben] = [await person("mine.anna"), await person("mine.ben")];
  const { conversationId } = await anna.client.startConversation("mine.ben");
  await anna.client.sendText(conversationId, "hello");
  await eventually("ben reads", async () => {
    const known = await ben.client.listConversations();
    return known.length === 1 && (await allMessages(ben.client, conversationId)).length === 1;
  });
  hideLists(anna, (await ownId(anna)).account);
  await further(anna);
  await ben.client.sendText(conversationId, "who is that?");
  await eventually("anna is warned", async () => {
    const people = await withheld(anna, conversationId);
    return people?.length === 1 && people[0]?.isMe === true;
  });
});

test("[CL141] [CL142] a draft goes to the other device, and to one that joins later, through the real server", async () => {
  const [anna, ben] = [await person("draft.anna"), await person("draft.ben")];
  const tablet = await further(anna);
  const { conversationId } = await anna.client.startConversation("draft.ben");
  await anna.client.sendText(conversationId, "hello");
  const hasDraft = ({ client }: LivePerson) =>
    eventually("the draft is there", async () => {
      return (await client.listConversations()).some(({ draft }) => draft === "not sent yet");
    });
  await anna.client.saveDraft(conversationId, "not sent yet");
  await hasDraft(tablet);
  await hasDraft(await further(anna));
  expect((await ben.client.listConversations()).every(({ draft }) => draft === "")).toBe(true);
  expect(await groupView(ben.client, conversationId)).toBeUndefined();
});
