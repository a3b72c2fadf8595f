/**
 * A browser that forgot everything, and the person who comes back to it, against the production build on workerd. What
 * this does not show: other browsers than Chromium, histories of many thousands of messages.
 */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { backupText } from "#app/i18n/en-backup.ts";
import { text } from "#app/i18n/en.ts";
import { Person, transcript } from "./person.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
let anna: Person;
let ben: Person;
const each = 60;

beforeAll(async () => {
  stage = await openStage();
  anna = await Person.signUp(stage, "anna");
  ben = await Person.signUp(stage, "ben");
});
afterAll(() => stage.close());

async function openSettings({ page }: Person): Promise<void> {
  await page.getByRole("button", { name: text.list.settings }).click();
}

async function closeSettings({ page }: Person): Promise<void> {
  const dialog = page.getByRole("dialog", { name: text.settings.title });
  await dialog.getByRole("button", { name: text.common.close }).click();
}

/** Everything that the browser keeps for this origin, as a person clears it in the browser's own settings. */
async function forgetEverything({ page, profile }: Person): Promise<void> {
  const origin = new URL(page.url()).origin;
  await page.goto("about:blank");
  const devtools = await profile.context.newCDPSession(page);
  await devtools.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
  await profile.context.clearCookies();
}

const passphrase = "six brown bears in the snow";
let history: string[];
let file: Buffer;

test("what was said is saved, and the settings say so; a file of the keys can be had", async () => {
  await anna.startChat("ben");
  await anna.write("ben", "anna 1");
  await ben.openChat("anna");
  await ben.write("anna", "ben 1");
  for (let count = 2; count <= each; count += 1) {
    await anna.write("ben", `anna ${count}`);
    await ben.write("anna", `ben ${count}`);
  }
  await anna.until((seen) => seen.at(-1)?.seq === 2 * each, "all messages", 60_000);
  history = transcript(await anna.wholeChat());
  expect(history.length).toBe(2 * each);
  await openSettings(anna);
  await anna.saveBackup(2 * each);

  await anna.page.getByRole("button", { name: backupText.exportAction }).click();
  await anna.page.getByLabel(backupText.passphrase, { exact: true }).fill(passphrase);
  const [download] = await Promise.all([
    anna.page.waitForEvent("download"),
    anna.page.getByRole("button", { name: backupText.exportSubmit, exact: true }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^sotto-anna-\d{4}-\d\d-\d\d\.sottokeys$/);
  file = await readFile(await download.path());
  expect(file.subarray(0, 8).toString()).toBe("sottokey");
  await closeSettings(anna);
});

test("[BK24] after the browser forgot everything, password and recovery code bring the whole history back", async () => {
  await forgetEverything(anna);
  anna = await Person.logIn(stage, "anna", anna.recoveryCode, anna.profile);
  await anna.openChat("ben");
  await anna.until(
    (seen) => seen.at(-1)?.text === `ben ${each}` || seen.at(-1)?.text === `anna ${each}`,
    "the end",
  );
  const seen = await anna.wholeChat();
  expect(transcript(seen)).toEqual(history);
  await ben.write("anna", "are you back?");
  await anna.until((messages) => messages.at(-1)?.text === "are you back?", "his question");
  await anna.write("ben", "with everything");
  await ben.until((messages) => messages.at(-1)?.text === "with everything", "her answer");
});

test("[BK30] the file is taken in on the new device: everything in it was here already", async () => {
  await openSettings(anna);
  await anna.page.getByRole("button", { name: backupText.importAction }).click();
  const upload = { name: "keys.sottokeys", mimeType: "application/octet-stream", buffer: file };
  await anna.page.getByLabel(backupText.choose).setInputFiles(upload);
  const field = anna.page.getByLabel(backupText.passphrase, { exact: true });
  await field.fill("six brown bears in the sea");
  const submit = anna.page.getByRole("button", { name: backupText.importSubmit, exact: true });
  await submit.click();
  await anna.page.getByText(text.errors.wrong_passphrase).waitFor();
  await field.fill(passphrase);
  await submit.click();
  await anna.page.getByText(backupText.imported(0)).waitFor();
  await closeSettings(anna);
});

test("nothing broke on the way: no page error, no refused script, style or connection", () => {
  expect({ anna: anna.profile.problems, ben: ben.profile.problems }).toEqual({ anna: [], ben: [] });
});
