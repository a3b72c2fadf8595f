/** The app lock in a real browser: every tab locks, nothing readable is left on screen or in the database, and it opens again. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lockText } from "#app/i18n/en-lock.ts";
import { text } from "#app/i18n/en.ts";
import { addAuthenticator } from "./authenticator.ts";
import { Person } from "./person.ts";
import { openStage, type Stage } from "./stage.ts";

const passphrase = "three quiet winter trams";
const message = "only for your eyes";

let stage: Stage;
let anna: Person;
let ben: Person;

beforeAll(async () => {
  stage = await openStage();
  [anna, ben] = await Person.pair(stage, message);
  await ben.until((seen) => seen.length === 1, "the first message");
});
afterAll(() => stage.close());

async function openSettings(page: Page): Promise<void> {
  await page.getByRole("button", { name: text.list.settings }).click();
  await page.getByRole("heading", { name: lockText.title }).waitFor();
}

const locked = (page: Page) => page.getByRole("heading", { name: lockText.screenTitle });
const field = (page: Page) => page.getByLabel(lockText.passphrase, { exact: true });

async function unlock(page: Page, words: string): Promise<void> {
  await field(page).fill(words);
  await page.getByRole("button", { name: lockText.unlock, exact: true }).click();
}

test("[CL121] every tab locks at once, shows nothing, and opens where it was; a restart is locked too", async () => {
  const { page } = anna;
  const second = await anna.profile.context.newPage();
  await second.goto(page.url());
  await second.getByText(message).first().waitFor();

  await openSettings(page);
  await page.getByRole("button", { name: lockText.setPassphrase }).click();
  await field(page).fill(passphrase);
  await page.getByRole("button", { name: lockText.save }).click();
  await page.getByText(lockText.on.passphrase).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });

  // What was just typed is not lost by the shortcut.
  await anna.composer("ben").fill("half a thou");
  await page.keyboard.press("Control+Shift+L");
  for (const tab of [page, second]) {
    await locked(tab).waitFor();
    expect(await tab.content()).not.toContain(message);
    expect(await tab.title()).toBe(text.app.name);
  }

  await unlock(second, "four loud summer cars");
  await second.getByText(lockText.wrong).waitFor();
  await unlock(second, passphrase);
  for (const tab of [page, second]) await tab.getByText(message).first().waitFor();
  expect(await anna.composer("ben").inputValue()).toBe("half a thou");

  await second.close();
  await page.reload();
  await locked(page).waitFor();
  await ben.write("anna", "while you were away");
  await unlock(page, passphrase);
  await anna.until((seen) => seen.at(-1)?.text === "while you were away", "the message from meanwhile");
  expect(anna.profile.problems).toEqual([]);
});

test("[CL120] the keys in the database do not open it while the lock is on", async () => {
  const opened = await anna.page.evaluate(async () => {
    const request = indexedDB.open("sotto");
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      request.addEventListener("success", () => resolve(request.result));
      request.addEventListener("error", () => reject(new Error("no database")));
    });
    const asked = database.transaction("keys").objectStore("keys").get("device-master-key");
    const row = await new Promise<{ wrapping: CryptoKey; iv: BufferSource; wrapped: BufferSource }>(
      (resolve) => {
        asked.addEventListener("success", () => resolve(asked.result));
      },
    );
    database.close();
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: row.iv }, row.wrapping, row.wrapped);
    return plain.byteLength;
  });
  expect(opened).toBe(24 + 32 + 16); // still sealed
});

const become = (state: "hidden" | "visible"): string => `
  Object.defineProperty(document, "visibilityState", { value: "${state}", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));`;

test("[CL123] as soon as no tab is on screen, when that was chosen", async () => {
  const { page } = anna;
  await openSettings(page);
  await page.getByLabel(lockText.autoLockShort.hidden).check();
  await page.getByText(lockText.autoLockHint(0)).waitFor();
  await page.evaluate(become("hidden"));
  await locked(page).waitFor();
  await page.evaluate(become("visible"));
  await unlock(page, passphrase);
  await page.getByRole("heading", { name: lockText.title }).waitFor();
  expect(anna.profile.problems).toEqual([]);
});

test("[CL120] [CL121] a passkey locks and opens it", async () => {
  const { page } = ben;
  await addAuthenticator(page);
  await openSettings(page);
  await page.getByRole("button", { name: lockText.setPasskey }).click();
  await page.getByText(lockText.on.passkey).waitFor();
  await page.getByRole("button", { name: lockText.lockNow }).click();
  await locked(page).waitFor();
  await page.getByRole("button", { name: lockText.unlockWithPasskey }).click();
  await page.getByText(lockText.on.passkey).waitFor();
  expect(ben.profile.problems).toEqual([]);
});

test("[CL124] who cannot open it erases this browser and comes back with password and recovery code", async () => {
  const { page } = anna;
  await page.reload();
  await locked(page).waitFor();
  await page.getByRole("button", { name: lockText.forgot }).click();
  await page.getByText(lockText.forgotBody).waitFor();
  await page.getByRole("button", { name: lockText.forgotConfirm }).click();
  await page.getByLabel(text.logIn.username).waitFor();
  const back = await Person.logIn(stage, "anna", anna.recoveryCode, anna.profile);
  await back.openChat("ben");
  await back.until((seen) => seen.some((each) => each.text === message), "the message from before");
});
