/** What members read of the time before they came in, with real clients of the real server. */
import { expect, test } from "vitest";
import type { Client } from "#core/client.ts";
import type { ConversationId } from "#schema/ids.ts";
import { openCrowd } from "../support/crowd.ts";
import { everyoneHas, groupView, said, shows } from "../support/group-stage.ts";
import { allMessages, eventually, type LivePerson } from "../support/people.ts";

const { person, further } = await openCrowd();

async function handedOver(client: Client, id: ConversationId): Promise<void> {
  await eventually("handed over", async () => !(await client.group(id)).isHandingOver);
}

/** Who vouches for each line, by name; empty for nobody. */
async function vouched(client: Client, id: ConversationId): Promise<string[]> {
  return (await allMessages(client, id)).map(({ sharedBy }) => sharedBy?.username ?? "");
}

/** Anna's group with ben, in which the two have said `count` things in turn. */
async function talk(prefix: string, count: number) {
  const [anna, ben] = await Promise.all([person(`${prefix}.anna`), person(`${prefix}.ben`)]);
  const { conversationId: id } = await anna.client.createGroup({ name: "Then", usernames: [ben.username] });
  await everyoneHas([anna, ben], id, `${prefix}.anna created ${prefix}.ben`);
  for (let index = 1; index <= count; index += 1) {
    const { client, username } = index % 2 === 1 ? anna : ben;
    await client.sendText(id, `say ${index}`);
    await everyoneHas([anna, ben], id, `${username}: say ${index}`);
  }
  return { anna, ben, id, before: await said(anna.client, id) };
}

async function lose({ client }: LivePerson): Promise<void> {
  await client.logout("device");
  await client.close();
}

test("[CL250] [CL251] who is added with all messages reads them, on a later device too, and sees who vouches for them", async () => {
  const { anna, ben, id, before } = await talk("all", 6);
  const carl = await person("all.carl");
  await anna.client.addMembers(id, [carl.username], "all");
  await everyoneHas([ben], id, "all.anna added all.carl with 6");
  const lines = [...before, "all.anna added all.carl with 6"];
  await shows(carl.client, id, lines);
  expect(await vouched(carl.client, id)).toEqual(["", "", "all.anna", "", "all.anna", "", "all.anna", ""]);
  expect(await groupView(carl.client, id)).toMatchObject({ title: "Then", unread: 0 });
  await ben.client.sendText(id, "welcome");
  await everyoneHas([anna, ben, carl], id, "all.ben: welcome");
  expect((await vouched(carl.client, id)).at(-1)).toBe("");

  await carl.client.saveBackup();
  await lose(carl);
  const again = await further(carl);
  await shows(again.client, id, [...lines, "all.ben: welcome"]);
  expect((await vouched(again.client, id)).filter((name) => name !== "")).toHaveLength(3);
});

test("[CL250] of more than a hundred messages the last ones are given, in pieces; an admin gives on no more than that", async () => {
  const { anna, ben, id } = await talk("last", 0);
  for (let index = 1; index <= 130; index += 1) await anna.client.sendText(id, `line ${index}`);
  await everyoneHas([anna, ben], id, "last.anna: line 130");
  const [carl, dora] = await Promise.all([person("last.carl"), person("last.dora")]);
  await anna.client.addMembers(id, [carl.username], "recent");
  const texts = Array.from({ length: 100 }, (_, index) => `last.anna: line ${index + 31}`);
  await shows(carl.client, id, [...texts, "last.anna added last.carl with 100"]);
  const { account } = (await carl.client.group(id)).members.find(({ isMe }) => isMe)!;
  await anna.client.setMemberRole(id, account, "admin");
  await everyoneHas([carl], id, "last.anna made last.carl admin");
  await carl.client.addMembers(id, [dora.username], "all");
  const lines = [
    ...texts,
    "last.anna added last.carl with 100",
    "last.anna made last.carl admin",
    "last.carl added last.dora with 100",
  ];
  await shows(dora.client, id, lines);
  expect(new Set(await vouched(dora.client, id))).toEqual(new Set(["last.carl", ""]));
  await handedOver(carl.client, id);
});

test("[CL250] who is let in by an admin is given what the admin chose", async () => {
  const { anna, id, before } = await talk("let", 2);
  const carl = await person("let.carl");
  const terms = { needsApproval: true, expiresAtMs: undefined, reset: false };
  await anna.client.setInvite(id, terms);
  const invite = await eventually("the link", () => anna.client.groupInvite(id));
  await carl.client.acceptInvite(invite.code ?? "");
  const [request] = await anna.client.joinRequests(id);
  await anna.client.approveJoin(id, request!.account, "all");
  await shows(carl.client, id, [...before, "let.anna link on", "let.anna added let.carl with 2"]);
});

test("[CL254] keys that do not open are asked for once, and come again in a new session", async () => {
  const { anna, ben, id, before } = await talk("again", 4);
  const carl = await person("again.carl");
  let spoilt = 0;
  carl.network.tamper = (text) =>
    text.replaceAll(/"data":"AVE([\w-]+)"/g, (whole, rest: string) => {
      if (spoilt > 0) return whole;
      spoilt += 1;
      return `"data":"AVE${rest.slice(0, -30)}${"A".repeat(30)}"`;
    });
  await anna.client.addMembers(id, [carl.username], "all");
  await shows(carl.client, id, [...before, "again.anna added again.carl with 4"]);
  expect(spoilt).toBe(1);
  await ben.client.sendText(id, "in a new session");
  await everyoneHas([anna, carl], id, "again.ben: in a new session");
});

test("[CL252] without the choice nothing is given; what was read in an earlier stay stays, and what lies between is given", async () => {
  const { anna, ben, id, before } = await talk("back", 2);
  const carl = await person("back.carl");
  await anna.client.addMembers(id, [carl.username]);
  await ben.client.sendText(id, "hello carl");
  await shows(carl.client, id, ["back.anna added back.carl", "back.ben: hello carl"]);
  await carl.client.leaveGroup(id);
  await everyoneHas([anna, ben], id, "back.carl left");
  await ben.client.sendText(id, "without you");
  await everyoneHas([anna, ben], id, "back.ben: without you");
  await anna.client.addMembers(id, [carl.username], "all");
  await shows(carl.client, id, [
    ...before,
    "back.anna added back.carl",
    "back.ben: hello carl",
    "back.carl left",
    "back.ben: without you",
    "back.anna added back.carl with 4",
  ]);
  expect(await vouched(carl.client, id)).toEqual(["", "", "back.anna", "", "", "", "back.anna", ""]);
});
