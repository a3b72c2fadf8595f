/** Somebody loses every device and the recovery code, and gets the account back with the password and patience. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import type { ConversationId } from "#schema/ids.ts";
import { accountIn, everyoneHas, groupView } from "../support/group-stage.ts";
import {
  allMessages,
  eventually,
  type LivePerson,
  quickPasswordProvider,
  signIn,
  signUp,
  testStorage,
} from "../support/people.ts";
import { RecordedNetwork } from "../support/recorded-network.ts";
import { startServer, type TestServer } from "../support/server.ts";

const waitMs = 4_000;
let server: TestServer;
let anna: LivePerson;
let ben: LivePerson;
let carl: LivePerson;
let conversationId: ConversationId;
let groupId: ConversationId;
const open: Client[] = [];

beforeAll(async () => {
  server = await startServer({ resetDelay: `${waitMs / 1_000}s` });
  [anna, ben, carl] = await Promise.all([
    signUp(server.origin, "anna"),
    signUp(server.origin, "ben"),
    signUp(server.origin, "carl"),
  ]);
  ({ conversationId } = await anna.client.startConversation("ben"));
  await anna.client.sendText(conversationId, "before");
  await eventually("the first message", async () => (await ben.client.listConversations()).length === 1);
  ({ conversationId: groupId } = await ben.client.createGroup({ name: "Trio", usernames: ["anna", "carl"] }));
  await everyoneHas([anna, ben, carl], groupId, "ben created anna, carl");
  await anna.client.sendText(groupId, "before");
  await everyoneHas([anna, ben, carl], groupId, "anna: before");
});
afterAll(async () => {
  const clients = [...open, ...[anna, ben, carl].map(({ client }) => client)];
  await Promise.all(clients.map((client) => client.close()));
  await server.close();
});

/** A browser that has nothing but what `storage` holds; the password was right. */
async function browser({ username, password }: LivePerson, storage = testStorage(), losesAnswer = false) {
  const network = new RecordedNetwork(server.origin, quickPasswordProvider);
  const { environment } = network;
  let isLost = !losesAnswer;
  const lossy: typeof environment = {
    ...environment,
    async fetch(url, init) {
      const answer = await environment.fetch(url, init);
      if (isLost || !url.endsWith("/reset/finish")) return answer;
      isLost = true;
      throw new TypeError("the connection broke");
    },
  };
  const client = await Client.open(lossy, storage);
  open.push(client);
  const answer = await client.login({ username, password });
  return { client, storage, network, answer };
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "accepted",
    (error: { code?: string }) => error.code,
  );

test("[CL181] a device is told loudly, its person stops the reset, and whoever asked gets nothing", async () => {
  const asking = await browser(carl);
  expect(await carl.client.alarms()).toEqual({});
  await asking.client.requestReset();
  const pending = await eventually("word of the reset", async () => (await carl.client.alarms()).reset);
  expect(pending.effectiveAtMs - pending.requestedAtMs).toBe(waitMs);
  await carl.client.stopReset();
  expect(await carl.client.alarms()).toEqual({});
  expect(await codeOf(carl.client.stopReset())).toBe("reset_over");
  const { state } = await asking.client.resetStanding();
  expect(state).toEqual({ type: "locked", untilMs: expect.any(Number) });
  expect(await codeOf(asking.client.requestReset())).toBe("reset_locked");
  expect(await codeOf(asking.client.finishReset({ deviceName: "a thief's" }))).toBe("reset_over");
  expect(await carl.client.accountStatus()).toMatchObject({ state: "signed_in" });
});

test("[AU79] [CL180] [CL182] [CL31] the account begins anew: unread, unverified, in its groups, alone", async () => {
  const bensId = await accountIn(anna.client, groupId, "ben");
  await anna.client.markVerified(bensId, (await anna.client.safetyNumber(bensId)).key);

  const first = await browser(ben);
  const loss = { conversations: 2, devices: 1, waitMs };
  const standing = await first.client.resetStanding();
  expect(standing).toMatchObject({ ...loss, state: { type: "none" } });
  expect(standing.messages).toBeGreaterThanOrEqual(2);
  expect((await first.client.requestReset()).state).toMatchObject({ type: "waiting" });
  expect(await codeOf(first.client.finishReset({ deviceName: "too early" }))).toBe("reset_waiting");
  const wrong = carl.recoveryCode;
  expect(await codeOf(first.client.completeLogin({ recoveryCode: wrong, deviceName: "x" }))).toBe(
    "wrong_recovery_code",
  );
  await first.client.close();

  const again = await browser(ben, first.storage, true);
  expect(again.answer).toMatchObject({ hasClaim: true });
  const other = await browser(ben);
  expect(other.answer).not.toHaveProperty("hasClaim");
  expect(await codeOf(other.client.finishReset({ deviceName: "not the one that asked" }))).toBe("reset_over");
  await eventually(
    "the wait is over",
    async () => (await again.client.resetStanding()).state.type === "ready",
  );
  expect(await codeOf(again.client.finishReset({ deviceName: "the answer is lost" }))).toBe("offline");
  const { recoveryCode } = await again.client.finishReset({ deviceName: "ben anew" });
  const benAnew = { ...ben, ...again, recoveryCode };
  await eventually("the old device is out", async () => {
    return (await ben.client.accountStatus()).state === "ended";
  });
  await benAnew.client.startConversation("anna");
  const old = await eventually("what was said before", async () => {
    const messages = await allMessages(benAnew.client, conversationId);
    return messages.length === 1 && messages;
  });
  expect(old.map(({ content }) => content.type)).toEqual(["unreadable"]);

  await benAnew.client.sendText(conversationId, "it is me");
  await eventually(
    "Anna reads it",
    async () => (await allMessages(anna.client, conversationId)).length === 2,
  );
  await anna.client.sendText(conversationId, "held");
  await eventually("Anna is warned", async () => {
    const view = (await anna.client.listConversations()).find((one) => one.conversationId === conversationId);
    return view?.kind === "direct" && view.peerTrust.held && !view.peerTrust.verified;
  });
  expect((await allMessages(anna.client, conversationId)).at(-1)).toMatchObject({ delivery: "pending" });
  await anna.client.confirmIdentity(bensId);
  await eventually("Ben reads it", async () => {
    const messages = await allMessages(benAnew.client, conversationId);
    return JSON.stringify(messages.at(-1)?.content).includes("held");
  });

  await anna.client.sendText(groupId, "are you still here?");
  await everyoneHas([benAnew, carl], groupId, "anna: are you still here?");
  await benAnew.client.sendText(groupId, "I am");
  await everyoneHas([anna, carl], groupId, "ben: I am");
  expect(await groupView(benAnew.client, groupId)).toMatchObject({ title: "Trio", myRole: "owner" });
  await benAnew.client.renameGroup(groupId, "Trio anew");
  await eventually("Carl knows it", async () => {
    return (await groupView(carl.client, groupId))?.title === "Trio anew";
  });

  const dora = await signUp(server.origin, "dora");
  open.push(dora.client);
  await benAnew.client.addMembers(groupId, ["dora"]);
  await everyoneHas([anna, carl, dora], groupId, "ben added dora");
  await dora.client.sendText(groupId, "what did I miss?");
  await everyoneHas([anna, benAnew, carl], groupId, "dora: what did I miss?");

  expect(await codeOf(signIn(server.origin, ben))).toBe("wrong_recovery_code");
  const second = await signIn(server.origin, benAnew);
  open.push(second.client);
  expect((await second.client.listDevices()).length).toBe(2);
});
