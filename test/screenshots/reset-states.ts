/** The way back into an account whose keys are lost, and what its devices show of it. */
import type { Page } from "playwright-core";
import { resetText } from "#app/i18n/en-reset.ts";
import type { State } from "./state.ts";

async function logIn(page: Page): Promise<void> {
  await page.getByLabel("Username").fill("mira");
  await page.getByLabel("Password", { exact: true }).fill("three quiet winter trams");
  await page.getByRole("button", { name: "Continue" }).click();
}

async function ask(page: Page): Promise<void> {
  await logIn(page);
  await page.getByRole("button", { name: resetText.lost }).click();
  await page.getByRole("heading", { name: resetText.none.title }).waitFor();
}

const seen = (page: Page): Promise<void> => page.getByRole("button", { name: resetText.alarm.mine }).click();

export const resetStates: readonly State[] = [
  { name: "reset-ask", path: "/login", scene: "signed_out", steps: ask },
  {
    name: "reset-waiting",
    path: "/login",
    scene: "signed_out",
    steps: async (page) => {
      await ask(page);
      await page.getByRole("button", { name: resetText.none.submit }).click();
      await page.getByRole("heading", { name: resetText.waiting.title }).waitFor();
    },
  },
  { name: "reset-gone", path: "/login", scene: "reset_gone", steps: logIn },
  { name: "reset-locked", path: "/login", scene: "reset_locked", steps: logIn },
  { name: "reset-ready", path: "/login", scene: "reset_ready", steps: logIn },
  { name: "reset-alarm", path: "/", scene: "reset_alarm" },
  { name: "copied-alarm", path: "/", scene: "copied" },
  { name: "reset-alarm-seen", path: "/", scene: "reset_alarm", steps: seen },
  {
    name: "reset-stopped",
    path: "/",
    scene: "reset_alarm",
    steps: async (page) => {
      await page.getByRole("button", { name: resetText.alarm.stop }).click();
      await page.getByText(resetText.alarm.stopped).waitFor();
    },
  },
];
