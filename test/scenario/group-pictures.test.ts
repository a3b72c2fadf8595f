/** The picture of a group, from who sets it to who may no longer see it. */
import { expect, test } from "vitest";
import type { Client } from "#core/client.ts";
import type { ConversationId } from "#schema/ids.ts";
import { openCrowd } from "../support/crowd.ts";
import { accountIn, everyoneHas, groupView, said } from "../support/group-stage.ts";
import { eventually, type LivePerson, signIn } from "../support/people.ts";
import { jpegOf } from "../support/square-jpeg.ts";

const { server, people, person } = await openCrowd();
const first = jpegOf(256, 256, 1);
const second = jpegOf(200, 200, 2);
const blobOf = (bytes: Uint8Array<ArrayBuffer>) => new Blob([bytes], { type: "image/jpeg" });

async function everyoneSees(
  beholders: readonly LivePerson[],
  id: ConversationId,
  picture: Uint8Array | undefined,
): Promise<void> {
  for (const { username, client } of beholders) {
    await eventually(`${username} sees the picture`, async () => {
      const view = await groupView(client, id);
      return view !== undefined && (view.picture !== undefined) === (picture !== undefined);
    });
    expect(await client.groupPicture(id)).toEqual(picture);
    const [view, { picture: same }] = [await groupView(client, id), await client.group(id)];
    expect(view?.picture).toBe(same);
  }
}

const deleted = ({ network }: LivePerson) =>
  network.wire.filter(({ place, text }) => place === "answer" && text.includes('"deleted":true'));

const refOf = async (client: Client, id: ConversationId) => (await groupView(client, id))?.picture;

test("[CL260] a picture is set, seen by all, kept by a new name, replaced, and taken away", async () => {
  const [anna, ben, carl] = [await person("pic.anna"), await person("pic.ben"), await person("pic.carl")];
  const { conversationId: id } = await anna.client.createGroup({
    name: "Choir",
    usernames: ["pic.ben", "pic.carl"],
  });
  const all = [anna, ben, carl];
  await everyoneHas(all, id, "pic.anna created pic.ben, pic.carl");
  await everyoneSees(all, id, undefined);

  await anna.client.setGroupPicture(id, blobOf(first));
  await everyoneHas(all, id, "pic.anna changed the picture");
  await everyoneSees(all, id, first);
  const ref = await refOf(ben.client, id);
  await anna.client.renameGroup(id, "Chamber choir");
  await everyoneHas(all, id, "pic.anna renamed Chamber choir");
  await everyoneSees(all, id, first);
  expect(await refOf(ben.client, id)).toBe(ref);

  await anna.client.setMemberRole(id, await accountIn(anna.client, id, "pic.ben"), "admin");
  await everyoneHas(all, id, "pic.anna made pic.ben admin");
  await ben.client.setGroupPicture(id, blobOf(second));
  await everyoneHas(all, id, "pic.ben changed the picture");
  await everyoneSees(all, id, second);
  expect(await refOf(anna.client, id)).not.toBe(ref);
  for (const { client } of all) expect((await groupView(client, id))?.title).toBe("Chamber choir");

  await ben.client.setGroupPicture(id, undefined);
  await everyoneHas(all, id, "pic.ben removed the picture");
  await everyoneSees(all, id, undefined);
  // Who put it there deletes it; the one that Ben replaced is Anna's, whose device has not spoken since.
  await eventually("ben's file is deleted", () => deleted(ben).length === 1);
  expect(deleted(anna)).toEqual([]);
  await anna.client.setGroupPicture(id, blobOf(second));
  await eventually("anna's first file is deleted", () => deleted(anna).length === 1);
  await ben.client.setGroupPicture(id, undefined);
  await everyoneHas(all, id, "pic.ben removed the picture");
  // There is none to take away any more: no line, no operation.
  const { epoch } = await ben.client.group(id);
  await ben.client.setGroupPicture(id, undefined);
  expect((await ben.client.group(id)).epoch).toBe(epoch);
});

test("[CL261] who comes in later sees the picture, on every device; who is out no longer gets the file", async () => {
  const [anna, ben, carl] = [await person("file.anna"), await person("file.ben"), await person("file.carl")];
  const { conversationId: id } = await anna.client.createGroup({ name: "Kitchen", usernames: ["file.ben"] });
  await everyoneHas([anna, ben], id, "file.anna created file.ben");
  await anna.client.setGroupPicture(id, blobOf(first));
  await everyoneHas([anna, ben], id, "file.anna changed the picture");
  await anna.client.addMembers(id, ["file.carl"]);
  await everyoneHas([anna, ben, carl], id, "file.anna added file.carl");
  await everyoneSees([carl], id, first);
  await anna.client.saveBackup();
  const tablet = await signIn(server.origin, anna);
  people.push(tablet);
  await everyoneSees([tablet], id, first);
  // The line is told as what it was, though the key came after it.
  expect(await said(tablet.client, id)).toEqual([
    "file.anna created file.ben",
    "file.anna changed the picture",
    "file.anna added file.carl",
  ]);

  // Ben never looked, so that nothing of it is on his device.
  await anna.client.removeMember(id, await accountIn(anna.client, id, "file.ben"));
  await eventually("the removed one knows", async () => {
    return (await groupView(ben.client, id))?.membership === "removed";
  });
  await expect(ben.client.groupPicture(id)).rejects.toMatchObject({ code: "file_gone" });
  // Carl gets the new name and its key at once, when he is back.
  carl.network.unplug();
  await anna.client.renameGroup(id, "Kitchen without ben");
  await everyoneHas([anna, tablet], id, "file.anna renamed Kitchen without ben");
  carl.network.plugIn();
  await everyoneHas([anna, carl, tablet], id, "file.anna renamed Kitchen without ben");
  await everyoneSees([anna, carl, tablet], id, first);
});

test("[CL262] what is no small square JPEG, and who may not change the group, change nothing", async () => {
  const [anna, ben] = [await person("not.anna"), await person("not.ben")];
  const { conversationId: id } = await anna.client.createGroup({ name: "Reading", usernames: ["not.ben"] });
  await everyoneHas([anna, ben], id, "not.anna created not.ben");
  const { epoch } = await anna.client.group(id);
  const refused: readonly [string, Uint8Array<ArrayBuffer>, string][] = [
    ["a file that is too long", jpegOf(256, 256, 1, 65_536), "file_too_large"],
    ["too many pixels", jpegOf(257, 257), "not_a_picture"],
    ["no square", jpegOf(256, 200), "not_a_picture"],
    ["no pixels", jpegOf(0, 0), "not_a_picture"],
    ["a page", new TextEncoder().encode("<html><script>alert(1)</script>"), "not_a_picture"],
    ["nothing", new Uint8Array(0), "not_a_picture"],
  ];
  for (const [what, bytes, code] of refused) {
    await expect(anna.client.setGroupPicture(id, blobOf(bytes)), what).rejects.toMatchObject({ code });
  }
  await expect(ben.client.setGroupPicture(id, blobOf(first))).rejects.toMatchObject({ code: "not_allowed" });
  await expect(ben.client.setGroupPicture(id, undefined)).rejects.toMatchObject({ code: "not_allowed" });
  expect(await anna.client.group(id)).toMatchObject({ epoch, picture: undefined, title: "Reading" });
  const paths = [...anna.network.wire, ...ben.network.wire].map(({ path }) => path);
  expect(paths.filter((path) => path.includes("/attachments"))).toEqual([]);
});
