/** Another password in real browsers: changed in one, known in the other, and good for the next login. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { passwordText } from "#app/i18n/en-password.ts";
import { text } from "#app/i18n/en.ts";
import { Person, password } from "./person.ts";
import { openStage, type Stage } from "./stage.ts";

const next = "nine loud cranes at dawn";
let stage: Stage;
beforeAll(async () => {
  stage = await openStage("start");
});
afterAll(() => stage.close());

async function change({ page }: Person, current: string, chosen: string): Promise<void> {
  await page.goto("/settings");
  await page.getByRole("button", { name: passwordText.change }).click();
  await page.getByLabel(passwordText.current).fill(current);
  await page.getByLabel(passwordText.next, { exact: true }).fill(chosen);
  await page.getByLabel(passwordText.again).fill(chosen);
  await page.getByRole("button", { name: passwordText.save, exact: true }).click();
}

test("[AU80] [CL185] changed in one browser, told in the second, and a third one logs in with the new one alone", async () => {
  const anna = await Person.signUp(stage, "anna");
  const second = await Person.logIn(stage, "anna", anna.recoveryCode);
  await change(anna, "not the password", next);
  await anna.page.getByText(passwordText.wrong).waitFor();
  await anna.page.getByLabel(passwordText.current).fill(password);
  await anna.page.getByRole("button", { name: passwordText.save, exact: true }).click();
  await anna.page.getByText(passwordText.done(0)).waitFor();
  expect(await anna.page.getByText(passwordText.alarm.title).isVisible()).toBe(false);

  await second.page.getByText(passwordText.alarm.title).waitFor();
  await second.page.getByRole("button", { name: passwordText.alarm.dismiss }).click();
  await second.page.getByText(passwordText.alarm.title).waitFor({ state: "detached" });

  const third = new Person("anna", await stage.profile());
  const { page } = third;
  await page.goto("/login");
  await page.getByLabel(text.logIn.username).fill("anna");
  await page.getByLabel(text.logIn.password, { exact: true }).fill(password);
  await page.getByRole("button", { name: text.logIn.submit }).click();
  await page.getByText(text.errors.wrong_credentials).waitFor();
  await page.getByLabel(text.logIn.password, { exact: true }).fill(next);
  await page.getByRole("button", { name: text.logIn.submit }).click();
  await page.getByLabel(text.recovery.enterLabel).fill(anna.recoveryCode.toLowerCase());
  await page.getByRole("button", { name: text.recovery.enterSubmit }).click();
  await page.getByRole("heading", { name: text.list.title }).waitFor({ timeout: 60_000 });
  // A refused login is a 401 that the browser notes.
  const own = [anna, second, third].flatMap(({ profile }) => profile.problems);
  expect(own.filter((problem) => !problem.includes("401"))).toEqual([]);
});

test("[AU85] [AU87] [CL187] forgotten: the recovery code sets another one in the settings, and again in a browser that nobody logged in to", async () => {
  const ben = await Person.signUp(stage, "ben");
  const { page } = ben;
  await page.goto("/settings");
  await page.getByRole("button", { name: passwordText.change }).click();
  await page.getByRole("button", { name: passwordText.forgotten }).click();
  await page.getByLabel(text.recovery.enterLabel).fill(ben.recoveryCode);
  await page.getByLabel(passwordText.next, { exact: true }).fill(next);
  await page.getByRole("button", { name: passwordText.save, exact: true }).click();
  await page.getByText(passwordText.done(0)).waitFor();

  const second = new Person("ben", await stage.profile());
  const fresh = second.page;
  await fresh.goto("/login");
  await fresh.getByLabel(text.logIn.username).fill("ben");
  await fresh.getByRole("button", { name: passwordText.recover.link }).click();
  const wrongCode = ben.recoveryCode.slice(0, -1) + (ben.recoveryCode.endsWith("7") ? "8" : "7");
  await fresh.getByLabel(text.recovery.enterLabel).fill(wrongCode);
  await fresh.getByLabel(passwordText.next, { exact: true }).fill(password);
  await fresh.getByRole("button", { name: passwordText.recover.submit }).click();
  await fresh.getByText(text.errors.wrong_recovery_code).waitFor();
  await fresh.getByLabel(text.recovery.enterLabel).fill(ben.recoveryCode.toLowerCase());
  await fresh.getByRole("button", { name: passwordText.recover.submit }).click();
  await fresh.getByText(passwordText.recover.done).waitFor({ timeout: 60_000 });
  await fresh.getByRole("heading", { name: text.list.title }).waitFor();
  await page.getByText(passwordText.alarm.title).waitFor();
  expect([ben, second].flatMap(({ profile }) => profile.problems)).toEqual([]);
});
