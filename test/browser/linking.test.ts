/**
 * Linking a second browser profile against the production build on workerd: by a typed code, and by a QR code that is read off the
 * screen. The browser has neither camera nor detector here, so that the picture is decoded by the test and handed to a detector of its own.
 */
import { decodeQR } from "qr/decode.js";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { linkText } from "#app/i18n/en-link.ts";
import { text } from "#app/i18n/en.ts";
import { Person } from "./person.ts";
import { openStage, type Profile, type Stage } from "./stage.ts";

let stage: Stage;
let anna: Person;

beforeAll(async () => {
  stage = await openStage();
  anna = await Person.signUp(stage, "anna");
});
afterAll(() => stage.close());

/** What a camera would see, as a picture of 4 pixels per square. */
async function readQr(page: Page): Promise<string> {
  const code = page.getByRole("img", { name: linkText.qr });
  await code.waitFor();
  const [size, squares] = await code.evaluate((svg): [number, string] => [
    Number((svg.getAttribute("viewBox") ?? "").split(" ")[2]),
    svg.querySelector("path")?.getAttribute("d") ?? "",
  ]);
  const scale = 4;
  const width = size * scale;
  const data = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [, x, y] of squares.matchAll(/M(\d+) (\d+)h1v1/g)) {
    for (let at = 0; at < scale * scale; at += 1) {
      const column = Number(x) * scale + (at % scale);
      const row = Number(y) * scale + Math.floor(at / scale);
      data.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3);
    }
  }
  return decodeQR({ width, height: width, data });
}

/** A camera that shows nothing and a detector that sees `seen` in it. */
async function giveCamera(page: Page, seen: string): Promise<void> {
  const content = `
    globalThis.BarcodeDetector = class {
      detect() { return Promise.resolve([{ rawValue: ${JSON.stringify(seen)} }]); }
    };
    const getUserMedia = () => Promise.resolve(document.createElement("canvas").captureStream(1));
    Object.defineProperty(navigator, "mediaDevices", { value: { getUserMedia } });
    HTMLMediaElement.prototype.play = () => Promise.resolve();`;
  await page.addInitScript({ content });
}

async function openLink({ page, recoveryCode }: Person): Promise<void> {
  await page.goto("/settings");
  await page.getByRole("button", { name: linkText.linkAction }).click();
  await page.getByLabel(text.recovery.enterLabel).fill(recoveryCode);
  await page.getByRole("button", { name: linkText.unlock }).click();
}

const emojiOf = (page: Page): Promise<string[]> => page.locator(".link-emoji li").allTextContents();

async function confirmBoth(there: Profile): Promise<void> {
  await anna.page.getByRole("button", { name: linkText.confirmYes }).click();
  await there.page.locator(".link-emoji").waitFor();
  await anna.page.locator(".link-emoji").waitFor();
  expect(await emojiOf(there.page)).toEqual(await emojiOf(anna.page));
  await anna.page.getByRole("button", { name: linkText.compareYes }).click();
  await there.page.getByRole("heading", { name: text.list.title }).waitFor();
  await anna.page.getByRole("heading", { name: linkText.doneTitle }).waitFor();
}

test("a second profile is linked by the code that it shows, typed on the first, and can be removed again", async () => {
  const there = await stage.profile({ phone: true });
  await there.page.goto("/");
  await there.page.getByRole("button", { name: text.welcome.link }).click();
  await there.page.getByRole("button", { name: linkText.showTyped }).click();
  const code = (await there.page.getByLabel(linkText.typed).textContent()) ?? "";
  await openLink(anna);
  await anna.page.getByLabel(linkText.enterLabel).fill(code.toLowerCase().replaceAll("-", " "));
  await anna.page.getByRole("button", { name: linkText.enterSubmit }).click();
  await confirmBoth(there);
  await anna.page.getByRole("button", { name: linkText.done }).click();

  const remove = anna.page.getByRole("button", { name: /^Remove / });
  await remove.click();
  await anna.page.getByLabel(text.recovery.enterLabel).fill(anna.recoveryCode);
  await anna.page.getByRole("button", { name: linkText.removeAction }).click();
  await there.page.getByText(text.ended.title).waitFor({ timeout: 10_000 });
  await remove.waitFor({ state: "detached" });
});

test("a profile is linked by scanning the QR code on the screen of a device of the account", async () => {
  await openLink(anna);
  await anna.page.getByRole("button", { name: linkText.showInstead }).click();
  const shown = await readQr(anna.page);
  const there = await stage.profile();
  await giveCamera(there.page, shown);
  await there.page.goto("/link");
  await there.page.getByRole("button", { name: linkText.enterInstead }).click();
  await there.page.getByRole("button", { name: linkText.scan }).click();
  await confirmBoth(there);
  await there.page.reload();
  await there.page.getByRole("heading", { name: text.list.title }).waitFor();

  await anna.page.goto("/");
  await anna.page.getByText(linkText.added).waitFor();
  await anna.page.getByRole("button", { name: linkText.dismiss }).click();
  await anna.page.getByText(linkText.added).waitFor({ state: "detached" });
});
