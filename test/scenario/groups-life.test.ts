/** A group of five people from its first message to its last. */
import { afterAll, expect, test } from "vitest";
import { accountIn, everyoneHas, groupView, said } from "../support/group-stage.ts";
import { eventually, type LivePerson, signIn, signUp } from "../support/people.ts";
import { startServer } from "../support/server.ts";

const server = await startServer();
const people: LivePerson[] = [];
afterAll(async () => {
  await Promise.all(people.map(({ client }) => client.close()));
  await server.close();
});

async function person(username: string): Promise<LivePerson> {
  const someone = await signUp(server.origin, username);
  people.push(someone);
  return someone;
}

test("[CL200] people talk in a group: everyone reads everything, in one order, under its name", async () => {
  const [anna, ben, carl] = [await person("talk.anna"), await person("talk.ben"), await person("talk.carl")];
  const anna2 = await signIn(server.origin, anna);
  people.push(anna2);
  const { conversationId, title } = await anna.client.createGroup({
    name: "Chamber choir",
    usernames: ["talk.ben", "talk.carl"],
  });
  expect(title).toBe("Chamber choir");
  const all = [anna, anna2, ben, carl];
  await everyoneHas(all, conversationId, "talk.anna created talk.ben, talk.carl");
  await anna.client.sendText(conversationId, "hello");
  await everyoneHas(all, conversationId, "talk.anna: hello");
  await ben.client.sendText(conversationId, "hello back");
  await everyoneHas(all, conversationId, "talk.ben: hello back");
  await anna2.client.sendText(conversationId, "from my other device");
  await everyoneHas(all, conversationId, "talk.anna: from my other device");
  for (const { client } of all) {
    const view = await eventually("the name is there", async () => {
      const one = await groupView(client, conversationId);
      return one?.title === "Chamber choir" && one;
    });
    expect([view.memberCount, view.membership, view.isContradicted]).toEqual([3, "member", false]);
  }
  expect(await said(carl.client, conversationId)).toEqual(await said(anna2.client, conversationId));
  expect(await accountIn(ben.client, conversationId, "talk.carl")).toBeDefined();
});
