/** Three people in three browser profiles: one of them comes into the group later and is given what was said before. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { text } from "#app/i18n/en.ts";
import { Person } from "./person.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
let mira: Person;
let anna: Person;
let tomas: Person;
const title = "Boat shed";

beforeAll(async () => {
  stage = await openStage();
  mira = await Person.signUp(stage, "mira");
  anna = await Person.signUp(stage, "anna");
  tomas = await Person.signUp(stage, "tomas", { phone: true });
});
afterAll(() => stage.close());

test("who is given all earlier messages reads them in their places, and sees who vouches for whose", async () => {
  await mira.newGroup(title, ["anna"]);
  await mira.write(title, "the oars are in");
  await anna.openChat(title);
  await anna.write(title, "who has the padlock?");
  await mira.until((seen) => seen.at(-1)?.text === "who has the padlock?", "anna's question");
  await mira.openGroupInfo(title);
  await mira.addToGroup(["tomas"], "all");
  const line = text.groups.change.addedSharing("mira", "tomas", 2);
  await anna.page.locator(".change-line", { hasText: line }).waitFor();
  await tomas.openChat(title);
  const seen = await tomas.until((found) => found.length === 2, "both messages of before");
  expect(seen.map(({ text: body }) => body)).toEqual(["the oars are in", "who has the padlock?"]);
  const names = tomas.page.locator(".sender-name");
  expect(await names.allTextContents()).toEqual(["mira", `anna${text.groups.via("mira")}`]);
  const vouching = text.groups.change.vouching(text.groups.change.addedSharing("mira", "you", 2));
  await tomas.page.locator(".change-line", { hasText: vouching }).waitFor();
});
