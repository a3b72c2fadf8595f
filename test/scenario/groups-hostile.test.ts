/** Groups whose server lies, dies or forgets, and groups of many. */
import { expect, test } from "vitest";
import { openCrowd } from "../support/crowd.ts";
import { everyoneHas, groupView, said } from "../support/group-stage.ts";
import { eventually, type LivePerson } from "../support/people.ts";
import type { RecordedNetwork } from "../support/recorded-network.ts";

const { server, person } = await openCrowd();

/** The second byte of a body. */
const typeOf = (body: string): number | undefined => Buffer.from(body.slice(0, 4), "base64url")[1];
const operationType = 0x32;

test("[CL206] [ATTACK 52] a member from whom an operation is withheld notices it and sends nothing", async () => {
  const [anna, ben] = [await person("with.anna"), await person("with.ben")];
  const carl = await person("with.carl");
  const { conversationId } = await anna.client.createGroup({ name: "Withheld", usernames: ["with.ben"] });
  await everyoneHas([anna, ben], conversationId, "with.anna created with.ben");
  await anna.client.sendText(conversationId, "all is well");
  await everyoneHas([anna, ben], conversationId, "with.anna: all is well");

  // In ben's log the next operation becomes an entry without meaning, and the server denies that there is one.
  const withhold = (text: string): string =>
    text.replaceAll(/"body":"([A-Za-z0-9_-]+)"/g, (whole, body: string) => {
      return typeOf(body) === operationType ? `"body":"${body.slice(0, -8)}AAAAAAAA"` : whole;
    });
  ben.network.tamper = withhold;
  tamperText(ben.network, (path, text) => {
    if (!path.includes("/operations")) return withhold(text);
    const answer = JSON.parse(text) as { data: { operations: { epoch: number }[] } };
    answer.data.operations = answer.data.operations.filter(({ epoch }) => epoch < 2);
    return JSON.stringify(answer);
  });
  await anna.client.addMembers(conversationId, ["with.carl"]);
  await everyoneHas([anna, carl], conversationId, "with.anna added with.carl");
  await anna.client.sendText(conversationId, "ben does not know you, carl");
  await everyoneHas([carl], conversationId, "with.anna: ben does not know you, carl");
  await eventually("ben notices", async () => {
    return (await groupView(ben.client, conversationId))?.isContradicted === true;
  });
  expect((await said(ben.client, conversationId)).join()).not.toContain("carl");
  await expect(ben.client.sendText(conversationId, "who is there?")).rejects.toMatchObject({
    code: "group_contradicted",
  });
});

test("[CL207] [ATTACK 51] a member that the server invents gets no key and says nothing", async () => {
  const [anna, ben, eve] = [await person("ghost.anna"), await person("ghost.ben"), await person("ghost.eve")];
  const eveAccount = (await eve.client.accountStatus()) as { account: string };
  const { conversationId } = await anna.client.createGroup({ name: "Ghost", usernames: ["ghost.ben"] });
  await everyoneHas([anna, ben], conversationId, "ghost.anna created ghost.ben");
  // The list of members is for names alone: nobody makes capsules for who is in it.
  tamperText(anna.network, (path, text) => {
    if (!path.includes("/members")) return text;
    return text.replace(
      '"members":[',
      `"members":[{"account":"${eveAccount.account}","username":"ghost.eve","role":1,"joinedEpoch":1,"listVersion":1},`,
    );
  });
  await anna.client.sendText(conversationId, "just the two of us");
  await everyoneHas([anna, ben], conversationId, "ghost.anna: just the two of us");
  const frames = anna.network.wire.filter(({ place, text }) => place === "up" && text.includes("capsules"));
  expect(frames.length).toBeGreaterThan(0);
  expect(frames.filter(({ text }) => text.includes(eveAccount.account))).toEqual([]);
  expect((await anna.client.group(conversationId)).members.map(({ username }) => username)).toEqual([
    "ghost.anna",
    "ghost.ben",
  ]);
});

test("[CL208] what was on the wire in a group when the server died arrives once, in order, for everyone", async () => {
  const names = ["kill.anna", "kill.ben", "kill.carl"];
  const all = await Promise.all(names.map(person));
  const [anna] = all;
  if (anna === undefined) throw new Error("three people");
  const { conversationId } = await anna.client.createGroup({ name: "Kills", usernames: names.slice(1) });
  await everyoneHas(all, conversationId, "kill.anna created kill.ben, kill.carl");
  const written: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    const sending = all.flatMap(({ client, username }) =>
      Array.from({ length: 10 }, (_, index) => {
        const text = `${username} ${round}.${index}`;
        written.push(`${username}: ${text}`);
        return client.sendText(conversationId, text);
      }),
    );
    await Promise.all(sending);
    await new Promise((resolve) => setTimeout(resolve, round * 40)); // the instant is the subject here
    await server.kill();
    await server.restart();
    for (const { network } of all) network.announceOnline();
  }
  for (const { client, username } of all) {
    await eventually(
      `${username} has everything`,
      async () => {
        const lines = await said(client, conversationId);
        return lines.filter((line) => line.includes(": ")).length === written.length;
      },
      60_000,
    );
  }
  const [first, ...others] = await Promise.all(all.map(({ client }) => said(client, conversationId)));
  for (const other of others) expect(other).toEqual(first);
  const texts = (first ?? []).filter((line) => line.includes(": "));
  expect(texts.toSorted()).toEqual(written.toSorted());
  for (const name of names) {
    const own = texts.filter((line) => line.startsWith(`${name}:`));
    expect(own).toEqual(written.filter((line) => line.startsWith(`${name}:`)));
  }
}, 120_000);

test("[CL209] thirty people: the first message carries the key to everyone, the next ones to nobody", async () => {
  const names = Array.from({ length: 30 }, (_, index) => `many.${String(index).padStart(2, "0")}x`);
  const all: LivePerson[] = [];
  for (const name of names) all.push(await person(name));
  const [anna, ben] = all;
  if (anna === undefined || ben === undefined) throw new Error("thirty people");
  const startedAtMs = performance.now();
  const { conversationId } = await anna.client.createGroup({ name: "Many", usernames: names.slice(1) });
  await anna.client.sendText(conversationId, "to all of you");
  await everyoneHas(all, conversationId, `${anna.username}: to all of you`);
  const firstMs = performance.now() - startedAtMs;
  await ben.client.sendText(conversationId, "thank you");
  await everyoneHas(all, conversationId, `${ben.username}: thank you`);
  const sentBefore = ben.network.wire.length;
  const againAtMs = performance.now();
  await ben.client.sendText(conversationId, "again");
  await everyoneHas(all, conversationId, `${ben.username}: again`);
  const againMs = performance.now() - againAtMs;
  const frames = ben.network.wire
    .slice(sentBefore)
    .filter(({ place, text }) => place === "up" && text.includes("message:send"));
  expect(frames.map(({ text }) => (JSON.parse(text) as { capsules: object[] }).capsules.length)).toEqual([0]);
  console.log(
    `30 people: created, keyed and read in ${firstMs.toFixed(0)} ms, the next one in ${againMs.toFixed(0)} ms`,
  );
}, 120_000);

/** Changes the text of answers to requests. */
function tamperText(network: RecordedNetwork, change: (path: string, text: string) => string): void {
  network.tamperAnswer = async (path, answer) => {
    const { status, headers } = answer;
    if (status === 204 || status === 304) return answer;
    return new Response(change(path, await answer.text()), { status, headers });
  };
}
