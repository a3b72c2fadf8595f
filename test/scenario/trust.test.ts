/**
 * A verified contact's account key changes, seen by a real client on the real server. The change comes the way an
 * attacker would bring it: in the server's answers on their way to one client.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import type { DeviceDirectory } from "#schema/http/devices.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { enrolmentOnTop } from "../support/client/key-reset.ts";
import { accountIn, everyoneHas, groupView } from "../support/group-stage.ts";
import { allMessages, eventually, type LivePerson, reopen, signIn, signUp } from "../support/people.ts";
import { startServer, type TestServer } from "../support/server.ts";

let server: TestServer;
let anna: LivePerson;
let ben: LivePerson;
let carl: LivePerson;
let bensId: AccountId;
let conversationId: ConversationId;
let groupId: ConversationId;
/** Ben's account key of the server's invention, in every answer that Anna gets from now on. */
let isForged = false;

beforeAll(async () => {
  server = await startServer();
  const signedUp = await signUp(server.origin, "anna");
  ben = await signUp(server.origin, "ben");
  anna = await reopen(server.origin, signedUp);
  await anna.client.close();
  const { environment } = anna.network;
  const doctored: typeof environment = {
    ...environment,
    async fetch(url, init) {
      if (isForged && /accounts\/[\w-]+\/bundles/.test(url) && forged !== undefined) {
        return Response.json({ success: true, data: { bundles: [forged.bundle] } });
      }
      const answer = await environment.fetch(url, init);
      if (!isForged || !/accounts\/[\w-]+\/devices/.test(url)) return answer;
      const body = (await answer.json()) as { data: DeviceDirectory };
      return Response.json({ ...body, data: forge(body.data) });
    },
  };
  anna = { ...anna, client: await Client.open(doctored, anna.storage) };
  ({ conversationId } = await anna.client.startConversation("ben"));
  await anna.client.sendText(conversationId, "before");
  await eventually("the first message", () => shows(ben, 1));
  carl = await signUp(server.origin, "carl");
  ({ conversationId: groupId } = await ben.client.createGroup({
    name: "Trio",
    usernames: ["anna", "carl"],
  }));
  await everyoneHas([anna, ben, carl], groupId, "ben created anna, carl");
  await anna.client.sendText(groupId, "before");
  await everyoneHas([anna, ben, carl], groupId, "anna: before");
  bensId = await accountIn(anna.client, groupId, "ben");
});
afterAll(async () => {
  await Promise.all([anna, ben, carl].map(({ client }) => client.close()));
  await server.close();
});

interface Forgery {
  readonly directory: Pick<DeviceDirectory, "lists" | "certificates">;
  readonly bundle: { readonly deviceId: number; readonly signedPrekey: string; readonly pqPrekey: string };
}

let forged: Forgery | undefined;
function forge(directory: DeviceDirectory): DeviceDirectory {
  if (directory.username !== "ben") return directory;
  if (forged === undefined) {
    const [newest, certificate] = [directory.lists[0]!, directory.certificates[0]!];
    const reset = enrolmentOnTop({ account: directory.account, username: "ben", newest }, 2);
    const { signedPrekey, lastResort: pqPrekey } = reset.prekeys.signed!;
    forged = {
      directory: {
        lists: [newest, reset.deviceList],
        certificates: [certificate, { deviceId: 2, certificate: reset.certificate }],
      },
      bundle: { deviceId: 2, signedPrekey, pqPrekey },
    };
  }
  return { ...directory, ...forged.directory };
}

async function shows({ client }: LivePerson, count: number): Promise<boolean> {
  const known = await client.listConversations();
  return known.length > 0 && (await allMessages(client, conversationId)).length === count;
}

const framesUp = (to: ConversationId): number =>
  anna.network.wire.filter(({ place, text }) => {
    return place === "up" && text.includes("message:send") && text.includes(to);
  }).length;

async function trustInBen(client: Client) {
  const view = (await client.listConversations()).find((one) => one.conversationId === conversationId);
  if (view?.kind !== "direct") throw new Error("no conversation with ben");
  return view.peerTrust;
}

test("[VF9] a member one never wrote to is pinned, and can be verified", async () => {
  const { client } = anna;
  const carlsId = await accountIn(client, groupId, "carl");
  const annasId = await accountIn(carl.client, groupId, "anna");
  const number = await client.safetyNumber(carlsId);
  expect(number.groups).toEqual((await carl.client.safetyNumber(annasId)).groups);
  await client.markVerified(carlsId, number.key);
  const { members } = await client.group(groupId);
  expect(members.map(({ username, verified }) => [username, verified])).toEqual([
    ["ben", false],
    ["anna", false],
    ["carl", true],
  ]);
  await client.clearVerified(carlsId);
  expect((await groupView(client, groupId))?.memberTrust).toEqual([]);
});

test("[VF5] [VF8] [ATTACK 17] messages to a verified contact whose key changed stay on the device until the person confirms, in groups as well", async () => {
  const { client } = anna;
  await client.markVerified(bensId, (await client.safetyNumber(bensId)).key);
  isForged = true;
  const second = await signIn(server.origin, ben); // makes the server tell of a changed list
  try {
    await eventually("the wait begins", async () => (await trustInBen(client)).held);
    expect((await groupView(client, groupId))?.memberTrust).toEqual([
      {
        account: bensId,
        username: "ben",
        verified: false,
        held: true,
        keyChangesMs: [expect.any(Number)],
        contradicted: false,
      },
    ]);
    const before = [framesUp(conversationId), framesUp(groupId)];
    for (const text of ["one", "two"]) await client.sendText(conversationId, text);
    await client.sendText(groupId, "to all of you");
    await client.reconnectNow();
    await second.client.sendText(conversationId, "who is there?");
    await eventually("word from the device that the server denies", () => shows(anna, 4));
    expect([framesUp(conversationId), framesUp(groupId)]).toEqual(before);
    const mine = (await allMessages(client, conversationId)).filter((message) => message.mine);
    expect(mine.map(({ delivery }) => delivery).slice(1)).toEqual(["pending", "pending"]);
    expect((await allMessages(client, groupId)).at(-1)).toMatchObject({ mine: true, delivery: "pending" });
    await client.confirmIdentity(bensId);
    await eventually("the messages go", () => framesUp(conversationId) > before[0]!);
    await eventually("the group's message goes", () => framesUp(groupId) > before[1]!);
    expect(await trustInBen(client)).toMatchObject({ verified: false, held: false });
  } finally {
    await second.client.close();
  }
});
