/** The reset of an account in real browsers: stopped by a device, then carried out after the wait. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { resetText } from "#app/i18n/en-reset.ts";
import { text } from "#app/i18n/en.ts";
import { eventually } from "../support/people.ts";
import { Person, password } from "./person.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
let anna: Person;
let ben: Person;

beforeAll(async () => {
  stage = await openStage("start", { RESET_DELAY: "6s" });
  [anna, ben] = await Person.pair(stage, "written before");
  await ben.until((seen) => seen.length === 1, "the first message");
});
afterAll(() => stage.close());

async function logIn({ page }: Person, name: string): Promise<void> {
  await page.goto("/login");
  await page.getByLabel(text.logIn.username).fill(name);
  await page.getByLabel(text.logIn.password, { exact: true }).fill(password);
  await page.getByRole("button", { name: text.logIn.submit }).click();
}

async function ask(person: Person, name: string): Promise<void> {
  await logIn(person, name);
  await person.page.getByRole("button", { name: resetText.lost }).click();
  await person.page.getByText(resetText.cost.unread(1, 1)).waitFor();
  await person.page.getByRole("button", { name: resetText.none.submit }).click();
}

test("[CL181] whoever has a device is asked at once, and stops it", async () => {
  const thief = new Person("thief", await stage.profile());
  await ask(thief, "anna");
  await thief.page.getByRole("heading", { name: resetText.waiting.title }).waitFor();
  await anna.page.getByRole("heading", { name: resetText.alarm.title }).waitFor();
  await anna.page.getByRole("button", { name: resetText.alarm.stop }).click();
  await anna.page.getByText(resetText.alarm.stopped).waitFor();
  await anna.page.getByRole("alert").waitFor({ state: "detached" });
  await logIn(thief, "anna");
  await thief.page.getByRole("heading", { name: resetText.locked.title }).waitFor();
  expect([...thief.profile.problems, ...anna.profile.problems]).toEqual([]);
});

test("[CL180] [CL182] whoever lost everything comes back under the same name", async () => {
  const anew = new Person("ben", await stage.profile());
  await ask(anew, "ben");
  await anew.page.getByRole("heading", { name: resetText.waiting.title }).waitFor();
  const reset = anew.page.getByRole("button", { name: resetText.ready.submit });
  await eventually("the wait is over", async () => {
    await logIn(anew, "ben");
    const heading = anew.page.getByRole("heading", { level: 1 });
    await heading.filter({ hasText: /reset/ }).waitFor();
    return reset.isVisible();
  });
  await reset.click();
  const groups = anew.page.getByRole("region", { name: text.recovery.label }).getByRole("listitem");
  await groups.first().waitFor({ timeout: 60_000 });
  expect((await groups.allTextContents()).join("-")).not.toBe(ben.recoveryCode);
  await anew.page.getByLabel(text.recovery.saved).check();
  await anew.page.getByRole("button", { name: text.recovery.submit }).click();
  await ben.page.getByRole("heading", { name: text.ended.title }).waitFor();
  await anna.write("ben", "welcome back");
  await anew.openChat("anna");
  await anew.until((seen) => seen.at(-1)?.text === "welcome back", "what was written after");
  await anew.write("anna", "thank you");
  await anna.until((seen) => seen.at(-1)?.text === "thank you", "the answer");
  expect(anew.profile.problems).toEqual([]);
});
