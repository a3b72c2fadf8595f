/**
 * Five people in five real browser profiles share a group: it is made, talked in, grows, is renamed, shrinks. What this
 * does not show: several devices of one person, a member who is offline meanwhile, hostile servers (see test/scenario).
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { pictureText } from "#app/i18n/en-pictures.ts";
import { text } from "#app/i18n/en.ts";
import { Person, transcript } from "./person.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
let mira: Person;
let anna: Person;
let tomas: Person;
let ilse: Person;
let jonas: Person;
let title = "Chamber choir";

beforeAll(async () => {
  stage = await openStage();
  mira = await Person.signUp(stage, "mira");
  anna = await Person.signUp(stage, "anna");
  tomas = await Person.signUp(stage, "tomas");
  ilse = await Person.signUp(stage, "ilse", { phone: true });
  jonas = await Person.signUp(stage, "jonas");
});
afterAll(() => stage.close());

const sees = (person: Person, body: string) =>
  person.until((seen) => seen.at(-1)?.text === body, `“${body}” as the last message`);
const systemLine = (person: Person, line: string) =>
  person.page.locator(".change-line", { hasText: line }).waitFor();

test("four people who never wrote to each other talk in a group that one of them made", async () => {
  await mira.newGroup(title, ["anna", "tomas", "ilse"]);
  await mira.write(title, "hello from mira");
  for (const person of [anna, tomas, ilse]) {
    await person.openChat(title);
    await sees(person, "hello from mira");
  }
  for (const person of [anna, tomas, ilse]) {
    await person.write(title, `hello from ${person.name}`);
    await sees(mira, `hello from ${person.name}`);
  }
  const complete = (seen: readonly { seq: number | undefined }[]): boolean =>
    seen.length === 4 && seen.every(({ seq }) => seq !== undefined);
  const [first, ...others] = await Promise.all(
    [mira, anna, tomas, ilse].map(async (person) => transcript(await person.until(complete, "all four"))),
  );
  for (const other of others) expect(other).toEqual(first);
  expect(await anna.page.locator(".sender-name").allTextContents()).toEqual(["mira", "tomas", "ilse"]);
});

test("who is added reads what is written from then on, and not what was before", async () => {
  await mira.openGroupInfo(title);
  await mira.addToGroup(["jonas"]);
  await systemLine(anna, text.groups.change.added("mira", "jonas"));
  await jonas.openChat(title);
  await mira.write(title, "welcome, jonas");
  const seen = await sees(jonas, "welcome, jonas");
  expect(seen.filter(({ text: body }) => body.startsWith("hello from"))).toEqual([]);
  await jonas.write(title, "glad to be here");
  for (const person of [mira, anna, tomas, ilse]) await sees(person, "glad to be here");
});

test("the writer sees who has read a message, and on how many devices it can be read", async () => {
  const { page } = mira;
  await mira.until(
    (seen) => seen.findLast(({ state }) => state !== "")?.state === text.delivery.read,
    "it read",
  );
  await page.getByRole("button", { name: text.groups.messageInfo.open }).last().click();
  const info = page.getByRole("dialog", { name: text.groups.messageInfo.title });
  await info.getByText(text.groups.messageInfo.readBy).waitFor();
  expect((await info.locator(".member-name").allTextContents()).toSorted()).toEqual([
    "anna",
    "ilse",
    "jonas",
    "tomas",
  ]);
  await page.keyboard.press("Escape");
  await info.waitFor({ state: "detached" });
});

test("an admin renames the group for everybody", async () => {
  await mira.chooseForMember("anna", "makeAdmin");
  await systemLine(anna, text.groups.change.role.admin("mira", "you"));
  await anna.openGroupInfo(title);
  await anna.page.getByRole("button", { name: text.groups.info.rename }).click();
  const before = title;
  title = "Friday choir";
  await anna.page.getByLabel(text.groups.create.name).fill(title);
  await anna.page.keyboard.press("Enter");
  for (const person of [mira, anna, tomas, ilse, jonas]) await person.composer(title).waitFor();
  expect(await mira.page.getByLabel(text.composer.label(before)).count()).toBe(0);
});

/** A picture that is no square, painted by the page itself. */
const painted = `(async () => {
  const canvas = new OffscreenCanvas(900, 600);
  const context = canvas.getContext("2d");
  context.fillStyle = "#7a1f5c";
  context.fillRect(0, 0, 900, 600);
  const picture = await canvas.convertToBlob({ type: "image/png" });
  return Array.from(new Uint8Array(await picture.arrayBuffer()));
})()`;
const shown = `document.querySelector(".group-who .avatar img")?.naturalWidth`;
const seesPicture = (person: Person) =>
  expect.poll(() => person.page.evaluate<number>(shown), { timeout: 20_000 }).toBe(256);

test("[CL260] an admin gives the group a picture: cut to a square, seen by everybody, also after a reload", async () => {
  const { page } = anna;
  const buffer = Buffer.from(await page.evaluate<number[]>(painted));
  await page.locator("[data-picture]").setInputFiles({ name: "a.png", mimeType: "image/png", buffer });
  await page.getByAltText(pictureText.preview).waitFor();
  await page.getByRole("button", { name: pictureText.save }).click();
  await page.getByRole("button", { name: pictureText.change }).waitFor();
  await systemLine(mira, text.groups.change.pictureSet("anna"));
  await systemLine(anna, text.groups.change.pictureSet("You"));
  const everybody = [mira, anna, tomas, ilse, jonas];
  for (const person of everybody) await seesPicture(person);
  await jonas.page.reload();
  await seesPicture(jonas);
});

test("who is removed can no longer write, and sees nothing written afterwards", async () => {
  await mira.chooseForMember("tomas", "remove");
  await mira.page.getByRole("button", { name: text.groups.member.removeAction, exact: true }).click();
  await mira.page.getByRole("dialog").waitFor({ state: "detached" });
  await tomas.page.getByText(text.groups.readOnly.removed).first().waitFor();
  expect(await tomas.composer(title).count()).toBe(0);
  await mira.write(title, "without tomas");
  for (const person of [mira, anna, ilse, jonas]) await sees(person, "without tomas");
  await tomas.page.reload();
  await tomas.page.getByText(text.groups.readOnly.removed).first().waitFor();
  const seen = await sees(tomas, "glad to be here");
  expect(seen.map(({ text: body }) => body)).not.toContain("without tomas");
});

test("who leaves keeps what was read, and the others see it go", async () => {
  await ilse.openGroupInfo(title);
  await ilse.page.getByRole("button", { name: text.groups.leave.action }).click();
  await ilse.page.getByRole("button", { name: text.groups.leave.confirm, exact: true }).click();
  await ilse.page.getByRole("dialog").getByText(text.groups.readOnly.left).waitFor();
  for (const person of [mira, anna, jonas]) await systemLine(person, text.groups.change.left("ilse"));
  await jonas.write(title, "three of us now");
  for (const person of [mira, anna]) await sees(person, "three of us now");
  await sees(ilse, "without tomas");
});

test("nothing broke on the way: no page error, no refused script, style or connection", () => {
  const problems = [mira, anna, tomas, ilse, jonas].flatMap((person) => person.profile.problems);
  expect(problems).toEqual([]);
});
