/**
 * Attacks on groups against real clients: what the rules of the crypto core refuse is refused by what people run, too. The server is the real
 * one; who changes frames on their way stands for a server that lies.
 */
import { expect, test } from "vitest";
import { AccountSession } from "#core/account/account-session.ts";
import { openGroupBody } from "#core/crypto/group/group-body.ts";
import { groupTable, senderKeyKey, senderKeyTable } from "#core/store/group-tables.ts";
import { EventHub } from "#core/sync/event-hub.ts";
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { parseGroupBody } from "#schema/envelope/group-body.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { openCrowd } from "../support/crowd.ts";
import { accountIn, everyoneHas, groupView, said } from "../support/group-stage.ts";
import { eventually, type LivePerson, signUp } from "../support/people.ts";

const { server, people } = await openCrowd();

async function group(name: string, letters = ["anna", "ben", "carl"]) {
  const everyone: LivePerson[] = [];
  for (const letter of letters) everyone.push(await signUp(server.origin, `${name}.${letter}`));
  people.push(...everyone);
  const [anna, ben, carl] = everyone;
  if (!anna || !ben || !carl) throw new Error("three people");
  const usernames = everyone.slice(1).map(({ username }) => username);
  const { conversationId: id } = await anna.client.createGroup({ name, usernames });
  await everyoneHas(everyone, id, `${anna.username} created ${usernames.toSorted().join(", ")}`);
  return { anna, ben, carl, id, everyone };
}

async function accountOf({ client }: LivePerson): Promise<AccountId> {
  const status = await client.accountStatus();
  if (status.state !== "signed_in") throw new Error("not signed in");
  return status.account;
}

/** Bodies of group messages as someone sent them, each once, in order. */
function sentBy({ network }: LivePerson): string[] {
  const bodies = network.wire
    .filter(({ place }) => place === "up")
    .flatMap(({ text }) => [...text.matchAll(/"body":"([A-Za-z0-9_-]+)"/g)])
    .map(([, body = ""]) => body)
    .filter((body) => Buffer.from(body.slice(0, 4), "base64url")[1] === 0x30);
  return [...new Set(bodies)];
}

/** What opening a body with everything that is stored on a device leads to, wherever in the log the server puts it. */
async function openedWith(thief: LivePerson, id: ConversationId, body: string, sender: AccountId) {
  await thief.client.close();
  const { environment } = thief.network;
  const session = await AccountSession.open(environment, thief.storage, new EventHub(environment));
  try {
    const group = await session.records.read(groupTable, id);
    const keys = await session.records.read(senderKeyTable, senderKeyKey(id, { account: sender, device: 1 }));
    if (group === undefined || keys === undefined) throw new Error("it was never in the group");
    const codes: string[] = [];
    for (let logEpoch = 1; logEpoch <= group.history.head.state.epoch; logEpoch += 1) {
      const from = { accountId: decodeBase64url(sender), deviceId: 1 };
      const place = { sender: from, logEpoch, nowMs: environment.nowMs() };
      try {
        openGroupBody(environment.provider, group.history, place, keys, decodeBase64url(body));
        codes.push("opened");
      } catch (error) {
        codes.push((error as { code: string }).code);
      }
    }
    return codes;
  } finally {
    await session.close();
  }
}

test("[ATTACK 49] nothing that a removed member's device holds opens what is said afterwards", async () => {
  const { anna, ben, carl, id, everyone } = await group("gone");
  await ben.client.sendText(id, "with carl");
  await everyoneHas(everyone, id, "gone.ben: with carl");
  await anna.client.removeMember(id, await accountOf(carl));
  await eventually("carl knows", async () => (await groupView(carl.client, id))?.membership === "removed");
  await everyoneHas([anna, ben], id, "gone.anna removed gone.carl");
  await ben.client.sendText(id, "without carl");
  await everyoneHas([anna, ben], id, "gone.ben: without carl");
  await expect(carl.client.sendText(id, "still me")).rejects.toMatchObject({ code: "not_member" });
  expect((await said(carl.client, id)).join()).not.toContain("without carl");
  const [, after = ""] = sentBy(ben);
  const codes = await openedWith(carl, id, after, await accountOf(ben));
  expect(codes).not.toContain("opened");
  expect(codes.length).toBeGreaterThan(0);
});

test("[ATTACK 50] messages in flight while a removal commits arrive once, and the removed one reads none behind it", async () => {
  const { anna, ben, carl, id } = await group("race");
  const texts = Array.from({ length: 30 }, (_, index) => `in flight ${index}`);
  const sending = texts.map((text) => ben.client.sendText(id, text));
  await anna.client.removeMember(id, await accountOf(carl));
  await Promise.all(sending);
  await everyoneHas([anna, ben], id, "race.ben: in flight 29");
  const lines = await said(anna.client, id);
  expect(lines.filter((line) => line.includes("in flight"))).toEqual(
    texts.map((text) => `race.ben: ${text}`),
  );
  const removal = lines.indexOf("race.anna removed race.carl");
  await eventually("carl knows", async () => (await groupView(carl.client, id))?.membership === "removed");
  const behind = lines.slice(removal + 1);
  const his = await said(carl.client, id);
  expect(his.filter((line) => behind.includes(line))).toEqual([]);
});

test("[ATTACK 53] what a role does not allow changes nothing; of two admins who remove each other one is left", async () => {
  const { anna, ben, carl, id, everyone } = await group("roles");
  const [b, c] = [await accountOf(ben), await accountOf(carl)];
  const refused = { code: "not_allowed" };
  await expect(ben.client.removeMember(id, c)).rejects.toMatchObject(refused);
  await expect(ben.client.setMemberRole(id, b, "admin")).rejects.toMatchObject(refused);
  await expect(ben.client.renameGroup(id, "Mine")).rejects.toMatchObject(refused);
  await expect(ben.client.dissolveGroup(id)).rejects.toMatchObject(refused);
  expect((await anna.client.group(id)).epoch).toBe(1);
  for (const account of [b, c]) await anna.client.setMemberRole(id, account, "admin");
  await everyoneHas(everyone, id, "roles.anna made roles.carl admin");
  // An admin removes members only, so neither of them may; the owner stays whatever they do.
  for (const [who, whom] of [
    [ben, c],
    [carl, b],
    [ben, await accountOf(anna)],
  ] as const) {
    await expect(who.client.removeMember(id, whom)).rejects.toMatchObject(refused);
  }
  for (const account of [b, c]) await anna.client.setMemberRole(id, account, "owner");
  await everyoneHas(everyone, id, "roles.anna made roles.carl owner");
  const both = await Promise.allSettled([ben.client.removeMember(id, c), carl.client.removeMember(id, b)]);
  expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  await eventually("one of them is left", async () => (await anna.client.group(id)).members.length === 2);
});

test("[ATTACK 54] [ATTACK 55] a body under another name, key, number or epoch, or changed in seal or signature, shows nothing", async () => {
  const { anna, ben, carl, id, everyone } = await group("forge");
  for (const { client, username } of [ben, carl]) {
    await client.sendText(id, "genuine");
    await everyoneHas(everyone, id, `${username}: genuine`);
  }
  const [b, c] = [await accountOf(ben), await accountOf(carl)];
  const at = (offset: number) => (body: Buffer) => {
    const from = offset < 0 ? body.length + offset : offset;
    body[from]! ^= 1;
  };
  // Epoch at 19, key id at 23, number at 31; the signature is the last 64 bytes, what it seals is before it.
  const changes: [string, (body: Buffer) => void][] = [
    ["epoch", at(22)],
    ["key id", at(23)],
    ["number", at(34)],
    ["seal", at(-70)],
    ["signature", at(-1)],
  ];
  for (const [what, change] of changes) {
    anna.network.tamper = (text) =>
      text.replaceAll(/"body":"([A-Za-z0-9_-]+)"/g, (whole, encoded: string) => {
        const body = Buffer.from(encoded, "base64url");
        if (body[1] !== 0x30) return whole;
        change(body);
        return `"body":"${body.toString("base64url")}"`;
      });
    await ben.client.sendText(id, `changed: ${what}`);
    await everyoneHas([carl], id, `forge.ben: changed: ${what}`);
    await eventually(
      "anna was shown it",
      async () => (await groupView(anna.client, id))?.lastSeq === (await groupView(carl.client, id))?.lastSeq,
    );
  }
  anna.network.tamper = (text) => text.replaceAll(`"account":"${b}"`, `"account":"${c}"`);
  await ben.client.sendText(id, "changed: sender");
  await everyoneHas([carl], id, "forge.ben: changed: sender");
  await eventually("anna was shown it", async () => {
    return (await groupView(anna.client, id))?.lastSeq === (await groupView(carl.client, id))?.lastSeq;
  });
  anna.network.tamper = (text) => text;
  await ben.client.sendText(id, "genuine again");
  await everyoneHas([anna, carl], id, "forge.ben: genuine again");
  expect((await said(anna.client, id)).filter((line) => line.includes("changed"))).toEqual([]);
  expect(await accountIn(anna.client, id, "forge.ben")).toBe(b);
});

test("[ATTACK 56] who comes in later holds nothing that opens what was said before", async () => {
  const { anna, ben, id, everyone } = await group("early");
  for (const text of ["before dora", "also before"]) {
    await ben.client.sendText(id, text);
    await everyoneHas(everyone, id, `early.ben: ${text}`);
  }
  const dora = await signUp(server.origin, "early.dora");
  people.push(dora);
  await anna.client.addMembers(id, ["early.dora"]);
  await everyoneHas([ben, dora], id, "early.anna added early.dora");
  await ben.client.sendText(id, "with dora");
  await everyoneHas([dora], id, "early.ben: with dora");
  expect(await said(dora.client, id)).toEqual(["early.anna added early.dora", "early.ben: with dora"]);
  const before = sentBy(ben).filter((body) => parseGroupBody(decodeBase64url(body)).epoch === 1);
  expect(before).toHaveLength(2);
  const ofBen = await accountOf(ben);
  for (const body of before) expect(await openedWith(dora, id, body, ofBen)).not.toContain("opened");
});
