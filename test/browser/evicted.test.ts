/** A browser that deletes the app's data, as it does when space runs short: local storage stays, everything else goes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { storageText } from "#app/i18n/en-storage.ts";
import { text } from "#app/i18n/en.ts";
import { Person, password } from "./person.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
let anna: Person;
let ben: Person;

beforeAll(async () => {
  stage = await openStage();
  [anna, ben] = await Person.pair(stage, "written before");
  await ben.until((seen) => seen.length === 1, "the first message");
  await anna.page.getByRole("button", { name: text.list.settings }).click();
  await anna.saveBackup(1);
});
afterAll(() => stage.close());

/** What eviction takes: databases, caches and service workers of the origin. */
async function evict({ page }: Person): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await page.goto("about:blank");
  const storageTypes = "indexeddb,cache_storage,service_workers";
  await session.send("Storage.clearDataForOrigin", { origin: stage.origin, storageTypes });
  await page.goto("/");
}

test("[CL130] [ATTACK 41] it says what happened, registers nobody, and comes back as a new device with everything", async () => {
  const { page } = anna;
  await evict(anna);
  await page.getByRole("heading", { name: storageText.evictedTitle }).waitFor();
  await page.goto("/signup");
  await page.getByRole("heading", { name: storageText.evictedTitle }).waitFor();
  await page.reload();
  await page.getByRole("button", { name: storageText.logIn }).click();
  await page.getByLabel(text.logIn.username).fill("anna");
  await page.getByLabel(text.logIn.password, { exact: true }).fill(password);
  await page.getByRole("button", { name: text.logIn.submit }).click();
  await page.getByLabel(text.recovery.enterLabel).fill(anna.recoveryCode);
  await page.getByRole("button", { name: text.recovery.enterSubmit }).click();
  await page.getByRole("heading", { name: text.list.title }).waitFor();
  await anna.openChat("ben");
  await anna.until((seen) => seen.some((each) => each.text === "written before"), "what was before");
  await anna.write("ben", "back again");
  await ben.until((seen) => seen.at(-1)?.text === "back again", "the message of the new device");

  await page.getByRole("button", { name: text.list.settings }).click();
  await page
    .getByRole("button", { name: /^Rename / })
    .first()
    .waitFor();
  expect(await page.getByRole("button", { name: /^Rename / }).count()).toBe(2);
});

test("[CL131] the settings tell whether the browser keeps the data", async () => {
  const { page } = anna;
  const kept = await page.evaluate<boolean>("navigator.storage.persisted()");
  await page.getByText(kept ? storageText.keptBody : storageText.notKeptBody).waitFor();
});

test("[CL130] whoever logs out, or never used it, is not told of any loss", async () => {
  const { page } = anna;
  await page.getByRole("button", { name: text.settings.logOutDevice }).click();
  await page.getByRole("button", { name: text.settings.logOut, exact: true }).click();
  await page.getByRole("button", { name: text.welcome.signUp }).waitFor();
  await page.reload();
  await page.getByRole("button", { name: text.welcome.signUp }).waitFor();

  await evict(ben);
  await ben.page.getByRole("button", { name: storageText.somebodyElse }).click();
  await ben.page.getByRole("button", { name: text.welcome.signUp }).waitFor();
  await ben.page.reload();
  await ben.page.getByRole("button", { name: text.welcome.signUp }).waitFor();
});
