/** What the settings say and do about the account itself, and what its devices are told. */
import type { Page } from "playwright-core";
import { passwordText } from "#app/i18n/en-password.ts";
import { text } from "#app/i18n/en.ts";
import type { State } from "./state.ts";

const path = "/settings";

async function fill(page: Page, current: string, again = "three quiet winter trams"): Promise<void> {
  await page.getByRole("button", { name: passwordText.change }).click();
  await page.getByLabel(passwordText.current).fill(current);
  await page.getByLabel(passwordText.next, { exact: true }).fill("three quiet winter trams");
  await page.getByLabel(passwordText.again).fill(again);
}

async function forget(page: Page, recoveryCode: string): Promise<void> {
  await page.getByRole("button", { name: passwordText.change }).click();
  await page.getByRole("button", { name: passwordText.forgotten }).click();
  await page.getByLabel(text.recovery.enterLabel).fill(recoveryCode);
  await page.getByLabel(passwordText.next, { exact: true }).fill("three quiet winter trams");
}

async function openRecovery(page: Page): Promise<void> {
  await page.getByLabel(text.logIn.username).fill("mira");
  await page.getByRole("button", { name: passwordText.recover.link }).click();
  await page.getByRole("heading", { name: passwordText.recover.title }).waitFor();
}

const save = (page: Page): Promise<void> =>
  page.getByRole("button", { name: passwordText.save, exact: true }).click();

export const accountStates: readonly State[] = [
  {
    name: "settings-logout",
    path,
    steps: async (page) => {
      await page.getByText("Safari on iPhone").waitFor();
      await page.getByRole("button", { name: "Log out everywhere" }).click();
    },
  },
  {
    name: "settings-password",
    path,
    steps: async (page) => {
      await page.getByText("Safari on iPhone").waitFor();
      await page.getByRole("button", { name: passwordText.change }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: "password-change",
    path,
    steps: (page) => page.getByRole("button", { name: passwordText.change }).click(),
  },
  {
    name: "password-forgotten",
    path,
    scene: "passkeys",
    steps: async (page) => {
      await page.getByRole("button", { name: passwordText.change }).click();
      await page.getByRole("button", { name: passwordText.forgotten }).click();
    },
  },
  {
    name: "password-forgotten-wrong",
    path,
    steps: async (page) => {
      await forget(page, "7K3QX-M0N4V-2WTBC-9HJ5R-DZ8EP-6GSY1-QFA4K-3X7MM");
      await save(page);
      await page.getByText(text.errors.wrong_recovery_code).waitFor();
    },
  },
  { name: "recover-account", path: "/login", scene: "signed_out", steps: openRecovery },
  {
    name: "recover-account-wrong",
    path: "/login",
    scene: "signed_out",
    steps: async (page) => {
      await openRecovery(page);
      await page.getByLabel(text.recovery.enterLabel).fill("7K3QX-M0N4V-2WTBC-9HJ5R-DZ8EP-6GSY1-QFA4K-3X7MM");
      await page.getByLabel(passwordText.next, { exact: true }).fill("three quiet winter trams");
      await page.getByRole("button", { name: passwordText.recover.submit }).click();
      await page.getByText(passwordText.recover.wrong).waitFor();
    },
  },
  { name: "password-differs", path, steps: (page) => fill(page, "old and known", "three quiet tr4ms") },
  {
    name: "password-wrong",
    path,
    steps: async (page) => {
      await fill(page, "wrong one");
      await page.getByLabel(passwordText.signOutOthers).check();
      await save(page);
      await page.getByText(passwordText.wrong).waitFor();
    },
  },
  {
    name: "password-wait",
    path,
    steps: async (page) => {
      await fill(page, "often wrong");
      await save(page);
      await page.getByText("You can try again in").waitFor();
    },
  },
  {
    name: "password-changed",
    path,
    steps: async (page) => {
      await fill(page, "the old one");
      await page.getByLabel(passwordText.signOutOthers).check();
      await save(page);
      await page.getByText(passwordText.done(2)).waitFor();
    },
  },
  {
    name: "replaced-in-chat",
    path: "/",
    scene: "replaced",
    steps: (page) => page.getByRole("navigation").getByText("tomas_v", { exact: true }).click(),
  },
  { name: "replaced-alarm", path: "/", scene: "replaced" },
  { name: "password-alarm", path: "/", scene: "password_alarm" },
];
