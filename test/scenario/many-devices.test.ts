/** An account through more devices than a device list has room for, with real clients of the real server. */
import { expect, test } from "vitest";
import { Client } from "#core/client.ts";
import type { LinkStatus } from "#core/client-api.ts";
import type { ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { openCrowd } from "../support/crowd.ts";
import { accountIn, everyoneHas, said } from "../support/group-stage.ts";
import {
  eventually,
  type LivePerson,
  quickPasswordProvider,
  signIn,
  testStorage,
} from "../support/people.ts";
import { RecordedNetwork } from "../support/recorded-network.ts";

const { server, clients, person, further } = await openCrowd();

/** The next device comes, and the one before it is logged out. */
async function moveOn(person: LivePerson): Promise<LivePerson> {
  const next = await further(person);
  await person.client.logout("device");
  return next;
}

async function link(person: LivePerson): Promise<LivePerson> {
  const network = new RecordedNetwork(server.origin, quickPasswordProvider);
  const storage = testStorage();
  const client = await Client.open(network.environment, storage);
  clients.push(client);
  const reached = (side: Client, state: LinkStatus["state"]) =>
    eventually(`link ${state}`, async () => {
      const status = await side.linkStatus();
      return status.state === state && status;
    });
  await client.joinByLink({ deviceName: "linked", show: "scan" });
  const showing = await reached(client, "showing");
  if (showing.state !== "showing") throw new Error("no code");
  await person.client.linkDevice({ recoveryCode: person.recoveryCode, code: showing.code });
  await reached(person.client, "confirm");
  await person.client.approveLink();
  await reached(person.client, "compare");
  await reached(client, "compare");
  await person.client.approveLink();
  await client.approveLink();
  await eventually("signed in", async () => (await client.accountStatus()).state === "signed_in");
  return { ...person, client, network, storage };
}

test("[DV11] the twentieth device is as good as the first, and what the first one did in a group is still verified", async () => {
  const first = await person("anna");
  const ben = await person("ben");
  const carl = await person("carl");
  const { conversationId } = await first.client.createGroup({ name: "Long-lived", usernames: ["ben"] });
  await everyoneHas([first, ben], conversationId, "anna created ben");
  await first.client.setMemberRole(
    conversationId,
    await accountIn(first.client, conversationId, "ben"),
    "admin",
  );
  await everyoneHas([ben], conversationId, "anna made ben admin");
  let anna = first;
  for (let device = 2; device <= limits.devices + 3; device += 1) anna = await moveOn(anna);
  const linked = await link(anna);
  expect(await linked.client.accountStatus()).toMatchObject({ deviceId: limits.devices + 4 });

  await ben.client.addMembers(conversationId, ["carl"]);
  await everyoneHas([anna, linked, carl, ben], conversationId, "ben added carl");
  await carl.client.sendText(conversationId, "who made this?");
  await everyoneHas([anna, linked, carl, ben], conversationId, "carl: who made this?");
  await linked.client.sendText(conversationId, "I did, long ago");
  await everyoneHas([anna, linked, carl, ben], conversationId, "anna: I did, long ago");
  const view = await carl.client.group(conversationId);
  expect(view.members.map(({ username }) => username).toSorted()).toEqual(["anna", "ben", "carl"]);
  await talk(linked, carl);
  expect(await said(carl.client, conversationId)).toContain("carl: who made this?");
}, 180_000);

/** A chat that begins now, with who has pinned nothing yet. */
async function talk(from: LivePerson, to: LivePerson): Promise<ConversationId> {
  const { conversationId } = await from.client.startConversation(to.username);
  await from.client.sendText(conversationId, "hello");
  await eventually("it is read", async () => {
    const read = await said(to.client, conversationId).catch(() => []); // not known there yet
    return read.at(-1) === `${from.username}: hello`;
  });
  return conversationId;
}

test("[DV11] with sixteen active devices a further one is told so, until one is removed", async () => {
  const dora = await person("dora");
  for (let device = 2; device <= limits.devices; device += 1) await further(dora);
  await expect(signIn(server.origin, dora)).rejects.toMatchObject({ code: "too_many_devices" });
  await dora.client.removeDevice({ deviceId: 5, recoveryCode: dora.recoveryCode });
  const late = await further(dora);
  expect(await late.client.accountStatus()).toMatchObject({
    state: "signed_in",
    deviceId: limits.devices + 1,
  });
  const ids = (await late.client.listDevices()).map(({ deviceId }) => deviceId);
  expect(ids).toEqual([1, 2, 3, 4, ...Array.from({ length: 12 }, (_, index) => index + 6)]);
}, 180_000);
