/** A group of five people from its first message to its last. */
import { expect, test } from "vitest";
import { openCrowd } from "../support/crowd.ts";
import { accountIn, everyoneHas, groupView, said } from "../support/group-stage.ts";
import { eventually, signIn } from "../support/people.ts";

const { server, people, person } = await openCrowd();

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

test("[CL201] adding, removing, leaving, roles, names and the end: what a person sees and may do", async () => {
  const names = ["life.anna", "life.ben", "life.carl", "life.dora", "life.emil"];
  const [anna, ben, carl, dora, emil] = await Promise.all(names.map(person));
  if (!anna || !ben || !carl || !dora || !emil) throw new Error("five people");
  const { conversationId } = await anna.client.createGroup({ name: "Kitchen", usernames: names.slice(1, 4) });
  const four = [anna, ben, carl, dora];
  await everyoneHas(four, conversationId, "life.anna created life.ben, life.carl, life.dora");
  await anna.client.sendText(conversationId, "before emil");
  await everyoneHas(four, conversationId, "life.anna: before emil");

  await expect(ben.client.addMembers(conversationId, ["life.emil"])).rejects.toMatchObject({
    code: "not_allowed",
  });
  const of = (username: string) => accountIn(anna.client, conversationId, username);
  await anna.client.setMemberRole(conversationId, await of("life.ben"), "admin");
  await everyoneHas(four, conversationId, "life.anna made life.ben admin");
  await ben.client.addMembers(conversationId, ["life.emil"]);
  await everyoneHas([...four, emil], conversationId, "life.ben added life.emil");
  // A joiner reads from its coming in, and nothing before.
  expect(await said(emil.client, conversationId)).toEqual(["life.ben added life.emil"]);
  await eventually("the name reaches the joiner", async () => {
    return (await groupView(emil.client, conversationId))?.title === "Kitchen";
  });
  await emil.client.sendText(conversationId, "here I am");
  await everyoneHas([...four, emil], conversationId, "life.emil: here I am");

  await ben.client.removeMember(conversationId, await of("life.carl"));
  const stayed = [anna, ben, dora, emil];
  await everyoneHas(stayed, conversationId, "life.ben removed life.carl");
  await eventually("the removed one knows", async () => {
    const view = await groupView(carl.client, conversationId);
    return view?.membership === "removed" && view.myRole === undefined;
  });
  await anna.client.sendText(conversationId, "carl must not read this");
  await everyoneHas(stayed, conversationId, "life.anna: carl must not read this");
  expect((await said(carl.client, conversationId)).join()).not.toContain("must not read");
  await expect(carl.client.sendText(conversationId, "hello?")).rejects.toMatchObject({ code: "not_member" });

  // After a removal the name is sealed under a new key, which everyone gets.
  await ben.client.renameGroup(conversationId, "Kitchen without carl");
  await everyoneHas(stayed, conversationId, "life.ben renamed Kitchen without carl");
  for (const { client } of stayed) {
    await eventually("the new name", async () => {
      return (await groupView(client, conversationId))?.title === "Kitchen without carl";
    });
  }
  expect((await groupView(carl.client, conversationId))?.title).toBe("Kitchen");

  await dora.client.leaveGroup(conversationId);
  await everyoneHas([anna, ben, emil], conversationId, "life.dora left");
  expect((await groupView(dora.client, conversationId))?.membership).toBe("left");
  await expect(dora.client.sendText(conversationId, "hm")).rejects.toMatchObject({ code: "not_member" });
  // The last owner hands over to the admin.
  await anna.client.leaveGroup(conversationId);
  await everyoneHas([ben, emil], conversationId, "life.anna left to life.ben");
  await ben.client.sendText(conversationId, "just us");
  await everyoneHas([ben, emil], conversationId, "life.ben: just us");
  expect(
    (await ben.client.group(conversationId)).members.map(({ username, role }) => [username, role]),
  ).toEqual([
    ["life.ben", "owner"],
    ["life.emil", "member"],
  ]);

  // Who comes back starts anew, behind what was said meanwhile.
  await ben.client.addMembers(conversationId, ["life.carl"]);
  await everyoneHas([ben, emil, carl], conversationId, "life.ben added life.carl");
  await carl.client.sendText(conversationId, "back again");
  await everyoneHas([ben, emil, carl], conversationId, "life.carl: back again");
  expect((await said(carl.client, conversationId)).join()).not.toContain("just us");

  await ben.client.dissolveGroup(conversationId);
  await everyoneHas([ben, emil, carl], conversationId, "life.ben dissolved");
  await expect(emil.client.sendText(conversationId, "too late")).rejects.toMatchObject({
    code: "not_member",
  });
});

test("[CL202] changes made at the same time all happen, one after the other", async () => {
  const names = ["race.anna", "race.ben", "race.carl", "race.dora", "race.emil"];
  const [anna, ben, carl, dora, emil] = await Promise.all(names.map(person));
  if (!anna || !ben || !carl || !dora || !emil) throw new Error("five people");
  const { conversationId } = await anna.client.createGroup({ name: "Race", usernames: names.slice(1, 3) });
  await everyoneHas([anna, ben, carl], conversationId, "race.anna created race.ben, race.carl");
  for (const username of ["race.ben", "race.carl"]) {
    const account = await accountIn(anna.client, conversationId, username);
    await anna.client.setMemberRole(conversationId, account, "admin");
  }
  await everyoneHas([ben, carl], conversationId, "race.anna made race.carl admin");
  await Promise.all([
    anna.client.renameGroup(conversationId, "Finish"),
    ben.client.addMembers(conversationId, ["race.dora"]),
    carl.client.addMembers(conversationId, ["race.emil"]),
    anna.client.sendText(conversationId, "during"),
    ben.client.sendText(conversationId, "meanwhile"),
  ]);
  const all = [anna, ben, carl, dora, emil];
  for (const { client, username } of all) {
    await eventually(`${username} agrees`, async () => {
      const view = await groupView(client, conversationId);
      if (view === undefined) return false;
      const { epoch, members, title } = await client.group(conversationId);
      return epoch === 6 && members.length === 5 && title === "Finish";
    });
  }
  await emil.client.sendText(conversationId, "all here");
  await everyoneHas(all, conversationId, "race.emil: all here");
  const full = await said(anna.client, conversationId);
  expect(full.filter((line) => line.endsWith(": during") || line.endsWith(": meanwhile"))).toHaveLength(2);
  expect(await said(ben.client, conversationId)).toEqual(full);
});
