/** Invite links between real clients of the real server: joining, asking, and links that no longer lead anywhere. */
import { expect, test } from "vitest";
import { Client } from "#core/client.ts";
import type { ConversationId } from "#schema/ids.ts";
import { openCrowd } from "../support/crowd.ts";
import { accountIn, everyoneHas, groupView, said } from "../support/group-stage.ts";
import { eventually, signIn, testStorage } from "../support/people.ts";
import { RecordedNetwork } from "../support/recorded-network.ts";

const { server, people, person } = await openCrowd();

type Terms = Parameters<Client["setInvite"]>[1];
const open: Terms = { needsApproval: false, expiresAtMs: undefined, reset: false };

async function codeOf(client: Client, conversationId: ConversationId): Promise<string> {
  const code = (await client.groupInvite(conversationId))?.code;
  if (code === undefined) throw new Error("no link");
  return code;
}

/** How often a client has said that somebody's waiting has changed. */
function joinNews(client: Client): { readonly count: number } {
  const news = { count: 0 };
  client.subscribe(({ type }) => {
    if (type === "joins") news.count += 1;
  });
  return news;
}

const refused = (work: Promise<unknown>, code: string) => expect(work).rejects.toMatchObject({ code });

test("[CL240] by a link one sees the group, joins at once, and all devices read each other", async () => {
  const [anna, ben] = [await person("link.anna"), await person("link.ben")];
  const carl = await person("link.carl");
  const carl2 = await signIn(server.origin, carl);
  people.push(carl2);
  const { conversationId } = await anna.client.createGroup({ name: "Open door", usernames: ["link.ben"] });
  await everyoneHas([anna, ben], conversationId, "link.anna created link.ben");
  await anna.client.sendText(conversationId, "before carl");
  expect(await anna.client.groupInvite(conversationId)).toBeUndefined();
  await refused(ben.client.setInvite(conversationId, open), "not_allowed");
  await anna.client.setInvite(conversationId, open);
  await everyoneHas([anna, ben], conversationId, "link.anna link on");
  const code = await codeOf(anna.client, conversationId);
  // Every member can hand it on, and nobody but members sees it.
  expect(await codeOf(ben.client, conversationId)).toBe(code);
  await refused(
    carl.client.groupInvite(conversationId).then(() => carl.client.group(conversationId)),
    "user_not_found",
  );

  const link = `${server.origin}/join#${code}`;
  const shown = {
    conversationId,
    avatarSeed: conversationId,
    title: "Open door",
    memberCount: 2,
    needsApproval: false,
  };
  const { environment } = new RecordedNetwork(server.origin);
  const visitor = await Client.open(environment, testStorage());
  expect(await visitor.previewInvite(link)).toEqual({ ...shown, standing: "open" });
  await visitor.close();
  expect(await carl.client.previewInvite(link)).toEqual({ ...shown, standing: "open" });
  expect(await carl.client.acceptInvite(link)).toEqual({ state: "joined", conversationId });
  expect((await groupView(carl.client, conversationId))?.title).toBe("Open door");
  const all = [anna, ben, carl, carl2];
  await everyoneHas(all, conversationId, "link.carl joined");
  await carl.client.sendText(conversationId, "hello");
  await everyoneHas(all, conversationId, "link.carl: hello");
  await ben.client.sendText(conversationId, "welcome");
  await everyoneHas(all, conversationId, "link.ben: welcome");
  await carl2.client.sendText(conversationId, "from my other device");
  await everyoneHas(all, conversationId, "link.carl: from my other device");
  expect(await said(carl.client, conversationId)).not.toContain("link.anna: before carl");
  expect((await groupView(carl2.client, conversationId))?.title).toBe("Open door");
  expect(await carl.client.previewInvite(link)).toMatchObject({ standing: "member", memberCount: 3 });
  expect(await carl.client.acceptInvite(link)).toEqual({ state: "joined", conversationId });
  // The secret went nowhere, and neither did the name.
  const secret = Buffer.from(code, "base64url").subarray(17).toString("base64url");
  const wire = JSON.stringify(people.map(({ network }) => network.wire));
  expect(wire.length).toBeGreaterThan(10_000);
  for (const hidden of [code, secret, "Open door"]) expect(wire).not.toContain(hidden);
});

test("[CL241] [CL246] an admin approves or refuses who asks, and each is told", async () => {
  const names = ["ask.anna", "ask.ben", "ask.carl", "ask.dora"];
  const [anna, ben, carl, dora] = await Promise.all(names.map(person));
  if (!anna || !ben || !carl || !dora) throw new Error("four people");
  const { conversationId } = await anna.client.createGroup({ name: "Knock", usernames: ["ask.ben"] });
  await anna.client.setInvite(conversationId, { ...open, needsApproval: true });
  await everyoneHas([anna, ben], conversationId, "ask.anna link on");
  const code = await codeOf(anna.client, conversationId);
  const news = [anna, ben, carl, dora].map(({ client }) => joinNews(client));
  const [annaNews, benNews, carlNews, doraNews] = news;
  if (!annaNews || !benNews || !carlNews || !doraNews) throw new Error("four people");
  expect(await carl.client.acceptInvite(code)).toEqual({ state: "waiting", conversationId });
  await eventually("the admin is told", () => annaNews.count === 1);
  expect(await carl.client.acceptInvite(code)).toEqual({ state: "waiting", conversationId });
  expect(await dora.client.acceptInvite(code)).toEqual({ state: "waiting", conversationId });
  expect(await carl.client.previewInvite(code)).toMatchObject({ standing: "waiting", title: "Knock" });
  expect(await carl.client.pendingJoins()).toEqual([{ conversationId, title: "Knock", state: "waiting" }]);
  expect(await groupView(carl.client, conversationId)).toBeUndefined();

  await eventually("the admin is told again", () => annaNews.count === 2);
  const requests = await anna.client.joinRequests(conversationId);
  expect(requests.map(({ username }) => username)).toEqual(["ask.carl", "ask.dora"]);
  expect(await ben.client.joinRequests(conversationId)).toEqual([]);
  expect((await groupView(anna.client, conversationId))?.takesRequests).toBe(true);
  expect((await groupView(ben.client, conversationId))?.takesRequests).toBe(false);
  const [first, second] = requests;
  if (first === undefined || second === undefined) throw new Error("two requests");
  await anna.client.approveJoin(conversationId, first.account);
  await everyoneHas([anna, ben, carl], conversationId, "ask.anna added ask.carl");
  expect(await carl.client.pendingJoins()).toEqual([]);
  await carl.client.sendText(conversationId, "thank you");
  await everyoneHas([anna, ben, carl], conversationId, "ask.carl: thank you");

  const before = doraNews.count;
  await anna.client.refuseJoin(conversationId, second.account);
  await eventually("who asked is told", () => doraNews.count === before + 1);
  await eventually("the admin is told as well", () => annaNews.count === 3);
  expect(benNews.count).toBe(0);
  expect(await anna.client.joinRequests(conversationId)).toEqual([]);
  await refused(anna.client.refuseJoin(conversationId, second.account), "user_not_found");
  expect(await dora.client.pendingJoins()).toEqual([{ conversationId, title: "Knock", state: "refused" }]);
  await refused(dora.client.acceptInvite(code), "join_refused");
  await dora.client.forgetJoin(conversationId);
  expect(await dora.client.pendingJoins()).toEqual([]);
  // Without approval the same link lets everybody in.
  await anna.client.setInvite(conversationId, open);
  await everyoneHas([anna, ben, carl], conversationId, "ask.anna link open");
  expect(await dora.client.acceptInvite(code)).toEqual({ state: "joined", conversationId });
  await everyoneHas([anna, ben, carl, dora], conversationId, "ask.dora joined");
});

test("[CL242] links that were reset, turned off, ended by a removal, expired or never were", async () => {
  const names = ["over.anna", "over.ben", "over.carl"];
  const [anna, ben, carl] = await Promise.all(names.map(person));
  if (!anna || !ben || !carl) throw new Error("three people");
  const { conversationId } = await anna.client.createGroup({ name: "Shut", usernames: ["over.ben"] });
  const renew = async (terms: Partial<Terms>) => {
    await anna.client.setInvite(conversationId, { ...open, ...terms });
    return codeOf(anna.client, conversationId);
  };
  const first = await renew({});
  expect(await renew({ needsApproval: true })).toBe(first);
  const second = await renew({ reset: true });
  expect(second).not.toBe(first);
  const nowhere = Buffer.from(first, "base64url").fill(9, 1).toString("base64url");
  for (const wrong of [first, nowhere, "hello", ""]) {
    await refused(carl.client.previewInvite(wrong), "invite_invalid");
    await refused(carl.client.acceptInvite(wrong), "invite_invalid");
  }
  await anna.client.endInvite(conversationId);
  await everyoneHas([anna, ben], conversationId, "over.anna link off");
  await refused(carl.client.acceptInvite(second), "invite_invalid");
  await refused(anna.client.endInvite(conversationId), "not_allowed");

  const third = await renew({});
  await everyoneHas([ben], conversationId, "over.anna link on");
  expect(await codeOf(ben.client, conversationId)).toBe(third);
  const benAccount = await accountIn(anna.client, conversationId, "over.ben");
  expect(await anna.client.group(conversationId)).toMatchObject({ hasInvite: true });
  await anna.client.removeMember(conversationId, benAccount);
  expect(await anna.client.groupInvite(conversationId)).toBeUndefined();
  expect(await anna.client.group(conversationId)).toMatchObject({ hasInvite: false });
  await eventually("ben is out", async () => {
    return (await groupView(ben.client, conversationId))?.membership === "removed";
  });
  for (const { client } of [ben, carl]) await refused(client.acceptInvite(third), "invite_invalid");

  // What is sealed after a removal is under a key that the removed one does not have.
  const fourth = await renew({});
  expect(await carl.client.previewInvite(fourth)).toMatchObject({ title: "Shut", memberCount: 1 });
  await anna.client.renameGroup(conversationId, "Shut and renamed");
  expect(await carl.client.previewInvite(fourth)).toMatchObject({ title: "Shut and renamed" });
  await renew({ expiresAtMs: Date.now() - 10_000 });
  await refused(carl.client.previewInvite(fourth), "invite_expired");
  await refused(carl.client.acceptInvite(fourth), "invite_expired");
  expect(await anna.client.groupInvite(conversationId)).toMatchObject({ code: fourth, isExpired: true });
  expect(await anna.client.group(conversationId)).toMatchObject({ hasInvite: false });
  await renew({ expiresAtMs: Date.now() + 60_000 });
  expect(await carl.client.acceptInvite(fourth)).toEqual({ state: "joined", conversationId });
  await everyoneHas([anna, carl], conversationId, "over.carl joined");
  // Who left may come back, and starts anew.
  await carl.client.leaveGroup(conversationId);
  await anna.client.sendText(conversationId, "meanwhile");
  await eventually("what was said meanwhile has its place", async () => {
    const { messages } = await anna.client.listMessages(conversationId, { limit: 1 });
    return messages.at(-1)?.seq !== undefined;
  });
  expect(await carl.client.acceptInvite(fourth)).toEqual({ state: "joined", conversationId });
  await everyoneHas([anna, carl], conversationId, "over.carl joined");
  await carl.client.sendText(conversationId, "back");
  await everyoneHas([anna, carl], conversationId, "over.carl: back");
  expect((await said(carl.client, conversationId)).join()).not.toContain("meanwhile");
});

test("[CL243] several people who join at the same moment are all in", async () => {
  const names = ["rush.anna", "rush.ben", "rush.carl", "rush.dora"];
  const [anna, ben, carl, dora] = await Promise.all(names.map(person));
  if (!anna || !ben || !carl || !dora) throw new Error("four people");
  const { conversationId } = await anna.client.createGroup({ name: "Rush", usernames: ["rush.ben"] });
  await anna.client.setInvite(conversationId, open);
  const code = await codeOf(anna.client, conversationId);
  await Promise.all([
    carl.client.acceptInvite(code),
    dora.client.acceptInvite(code),
    anna.client.sendText(conversationId, "come in"),
  ]);
  const all = [anna, ben, carl, dora];
  for (const { client } of all) {
    await eventually("four members", async () => {
      return (await groupView(client, conversationId))?.memberCount === 4;
    });
  }
  await dora.client.sendText(conversationId, "here we are");
  for (const { client } of all) {
    await eventually("everyone reads everyone", async () => {
      const lines = await said(client, conversationId);
      return lines.includes("rush.dora: here we are");
    });
  }
});
