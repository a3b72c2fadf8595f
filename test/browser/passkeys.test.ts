/** A passkey in place of the recovery code, with the browser's own virtual authenticator. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { vaultText } from "#app/i18n/en-vault.ts";
import { text } from "#app/i18n/en.ts";
import { addAuthenticator } from "./authenticator.ts";
import { Person, password } from "./person.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

test("[AU62] a passkey made in the settings brings a wiped browser back, without the recovery code", async () => {
  const anna = await Person.signUp(stage, "anna");
  const { page } = anna;
  await addAuthenticator(page);
  await page.getByRole("button", { name: text.list.settings }).click();
  await page.getByRole("button", { name: vaultText.add }).click();
  await page.getByLabel(text.recovery.enterLabel).fill(anna.recoveryCode);
  await page.getByRole("button", { name: vaultText.addAction }).click();
  await page.getByRole("button", { name: /^Remove the passkey made in / }).waitFor();

  await page.getByRole("button", { name: text.settings.logOutDevice }).click();
  await page.getByRole("button", { name: text.settings.logOut, exact: true }).click();
  await page.getByRole("button", { name: text.welcome.logIn }).click();
  await page.getByLabel(text.logIn.username).fill("anna");
  await page.getByLabel(text.logIn.password, { exact: true }).fill(password);
  await page.getByRole("button", { name: text.logIn.submit }).click();
  await page.getByRole("button", { name: vaultText.insteadOfCode }).click();
  await page.getByRole("heading", { name: text.list.title }).waitFor();

  // It also confirms what the recovery code would: here its own removal.
  await page.getByRole("button", { name: text.list.settings }).click();
  await page.getByRole("button", { name: /^Remove the passkey made in / }).click();
  await page.getByRole("button", { name: vaultText.insteadOfCode }).click();
  await page.getByText(vaultText.isRemoved).waitFor();
  await page.getByRole("button", { name: /^Remove the passkey made in / }).waitFor({ state: "detached" });
  expect(anna.profile.problems).toEqual([]);
});
