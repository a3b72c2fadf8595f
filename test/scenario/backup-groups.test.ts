/** Coming back into groups after losing devices, with real clients of the real server. */
import { expect, test } from "vitest";
import type { ConversationId } from "#schema/ids.ts";
import { openCrowd } from "../support/crowd.ts";
import { everyoneHas, groupView, said, shows } from "../support/group-stage.ts";
import { eventually, type LivePerson } from "../support/people.ts";

const { person, further } = await openCrowd();

/** The group that `names[0]` makes, in which each of them has said two things. */
async function talk(names: readonly string[]): Promise<{ id: ConversationId; everyone: LivePerson[] }> {
  const everyone = await Promise.all(names.map(person));
  const [first] = everyone;
  if (first === undefined) throw new Error("nobody");
  const { conversationId: id } = await first.client.createGroup({
    name: "Then",
    usernames: names.slice(1),
  });
  await everyoneHas(everyone, id, `${names[0]} created ${names.slice(1).toSorted().join(", ")}`);
  for (const round of ["one", "two"]) {
    for (const { username, client } of everyone) {
      await client.sendText(id, `${round} of ${username}`);
      await everyoneHas(everyone, id, `${username}: ${round} of ${username}`);
    }
  }
  return { id, everyone };
}

async function lose({ client }: LivePerson): Promise<void> {
  await client.logout("device");
  await client.close();
}

test("[BK40] who lost every device comes back into a group: what all said and did, unread, and on from there", async () => {
  const { id, everyone } = await talk(["bk.anna", "bk.ben", "bk.carl"]);
  const [anna, ben, carl] = everyone;
  if (!anna || !ben || !carl) throw new Error("three people");
  const tablet = await further(anna);
  await ben.client.sendText(id, "to the tablet, too");
  await everyoneHas([...everyone, tablet], id, "bk.ben: to the tablet, too");
  await tablet.client.sendText(id, "from the tablet");
  await everyoneHas([...everyone, tablet], id, "bk.anna: from the tablet");
  await anna.client.renameGroup(id, "Now");
  await everyoneHas([...everyone, tablet], id, "bk.anna renamed Now");
  const { lastSeq } = (await groupView(anna.client, id))!;
  await anna.client.markRead(id, lastSeq);
  for (const text of ["not read yet", "nor this"]) {
    await ben.client.sendText(id, text);
    await everyoneHas([...everyone, tablet], id, `bk.ben: ${text}`);
  }
  const before = await said(anna.client, id);
  expect((await groupView(anna.client, id))?.unread).toBe(2);
  await anna.client.saveBackup();
  await lose(tablet);
  await lose(anna);
  await carl.client.sendText(id, "nobody of hers is here");
  await everyoneHas([ben, carl], id, "bk.carl: nobody of hers is here");

  const again = await further(anna);
  await shows(again.client, id, [...before, "bk.carl: [before_this_device]"]);
  // What every device had on screen, an inbox hears of within two seconds.
  await eventually("unread as it was", async () => (await groupView(again.client, id))?.unread === 3);
  expect(await groupView(again.client, id)).toMatchObject({ title: "Now", unread: 3, memberCount: 3 });
  await carl.client.sendText(id, "welcome back");
  await everyoneHas([ben, carl, again], id, "bk.carl: welcome back");
  await again.client.sendText(id, "as if I had never been away");
  await everyoneHas([ben, carl, again], id, "bk.anna: as if I had never been away");

  // What came by a backup is read there by the next device, too: it stays in the chain of the device that saved it.
  await again.client.saveBackup();
  await lose(again);
  const third = await further(anna);
  await shows(third.client, id, [
    ...before,
    "bk.carl: [before_this_device]",
    "bk.carl: welcome back",
    "bk.anna: as if I had never been away",
  ]);
});

test("[BK41] a group's keys leave in the file and open placeholders when they come in, also on a later device", async () => {
  const { id, everyone } = await talk(["file.dora", "file.emil"]);
  const [dora, emil] = everyone;
  if (!dora || !emil) throw new Error("two people");
  const before = await said(dora.client, id);
  const archive = await dora.client.exportBackup({ passphrase: "a long one for a file" });
  await lose(dora);
  const again = await further(dora);
  const closed = before.map((line) =>
    line.includes(": ") ? line.replace(/: .*/, ": [before_this_device]") : line,
  );
  await shows(again.client, id, closed);
  expect(await groupView(again.client, id)).toMatchObject({ title: "" });
  const file = { archive, passphrase: "a long one for a file" };
  expect(await again.client.importBackup(file)).toEqual({ added: 4 });
  await shows(again.client, id, before);
  expect(await groupView(again.client, id)).toMatchObject({ title: "Then" });
  expect(await again.client.importBackup(file)).toEqual({ added: 0 });
  await again.client.saveBackup();
  const third = await further(dora);
  await shows(third.client, id, before);
});

test("[BK42] what was said before a member came in is not in its history, on no device", async () => {
  const { id, everyone } = await talk(["late.fred", "late.gina"]);
  const hugo = await person("late.hugo");
  const [fred] = everyone;
  if (!fred) throw new Error("nobody");
  await fred.client.addMembers(id, ["late.hugo"]);
  await fred.client.sendText(id, "hello Hugo");
  await everyoneHas([hugo], id, "late.fred: hello Hugo");
  await hugo.client.saveBackup();
  await lose(hugo);
  const again = await further(hugo);
  await shows(again.client, id, ["late.fred added late.hugo", "late.fred: hello Hugo"]);
});
