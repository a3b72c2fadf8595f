/**
 * A verified contact's account key changes, seen by a real client on the real server. No server of ours takes a reset list (CRYPTO 2.1
 * kind 4), so the change comes the way an attacker would bring it: in the server's answers on their way to one client.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import type { DeviceDirectory } from "#schema/http/devices.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { enrolmentOnTop } from "../support/client/key-reset.ts";
import { allMessages, eventually, type LivePerson, reopen, signIn, signUp } from "../support/people.ts";
import { startServer, type TestServer } from "../support/server.ts";

let server: TestServer;
let anna: LivePerson;
let ben: LivePerson;
let bensId: AccountId;
let conversationId: ConversationId;
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
  bensId = (await anna.client.listConversations())[0]!.peer.account;
});
afterAll(async () => {
  await Promise.all([anna, ben].map(({ client }) => client.close()));
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

const framesUp = (): number =>
  anna.network.wire.filter(({ place, text }) => place === "up" && text.includes("message:send")).length;

test("[VF5] [ATTACK 17] messages to a verified contact whose key changed stay on the device until the person confirms", async () => {
  const { client } = anna;
  await client.markVerified(bensId, (await client.safetyNumber(bensId)).key);
  isForged = true;
  const second = await signIn(server.origin, ben); // makes the server tell of a changed list
  try {
    const trust = async () => (await client.listConversations())[0]!.peerTrust;
    await eventually("the wait begins", async () => (await trust()).held);
    const before = framesUp();
    for (const text of ["one", "two"]) await client.sendText(conversationId, text);
    await client.reconnectNow();
    await second.client.sendText(conversationId, "who is there?");
    await eventually("word from the device that the server denies", () => shows(anna, 4));
    expect(framesUp()).toBe(before);
    const mine = (await allMessages(client, conversationId)).filter(({ mine }) => mine);
    expect(mine.map(({ delivery }) => delivery).slice(1)).toEqual(["pending", "pending"]);
    await client.confirmIdentity(bensId);
    await eventually("the messages go", () => framesUp() > before);
    expect(await trust()).toMatchObject({ verified: false, held: false });
  } finally {
    await second.client.close();
  }
});
