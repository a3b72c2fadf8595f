/** The screens of groups by keyboard alone, on the in-memory client. What groups do in truth: group-of-five.test.ts. */
import type { Server } from "node:http";
import path from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { text } from "#app/i18n/en.ts";
import { serveBuild } from "#test/screenshots/serve.ts";
import { fakeId } from "#test/support/fake-client-data.ts";
import { browserArguments, findBrowser } from "#test/support/find-browser.ts";

const root = path.resolve(import.meta.dirname, "../..");
const words = text.groups;
let browser: Browser;
let server: Server;
let origin: string;
let page: Page;

beforeAll(async () => {
  await build({ configFile: path.join(root, "frontend/vite.config.ts"), mode: "fake", logLevel: "warn" });
  ({ origin, server } = await serveBuild(path.join(root, "dist/fake")));
  browser = await chromium.launch({ executablePath: findBrowser(), args: [...browserArguments] });
});
afterEach(() => page.close());
afterAll(async () => {
  await browser.close();
  server.close();
});

async function open(place: string, viewport = { width: 1280, height: 800 }): Promise<void> {
  page = await browser.newPage({ viewport, reducedMotion: "reduce" });
  await page.goto(origin + place);
  await page
    .getByRole("heading", { name: text.list.title, includeHidden: true })
    .waitFor({ state: "attached" });
}

const station = `/chat/${fakeId("group-Friday at the old station")}`;
const focused = () => page.locator("*:focus");

test("a group is made without touching the mouse", async () => {
  await open("/new/group");
  const field = page.getByLabel(words.picker.field);
  await field.fill("anna");
  await page.keyboard.press("Enter");
  await field.fill("wren.new");
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  expect(await page.getByRole("list", { name: words.picker.picked }).getByRole("listitem").count()).toBe(3);
  await field.focus();
  await page.keyboard.press("Enter");
  await page.keyboard.type("Winter concert");
  await page.keyboard.press("Enter");
  await page.getByLabel(text.composer.label("Winter concert")).waitFor();
  expect(await page.locator(".change-line").allTextContents()).toEqual([
    "You created the group with anna.lindqvist, wren.new and tomas_v",
  ]);
});

test("a name that is nobody's is marked, and what was chosen and typed is kept", async () => {
  await open("/new/group");
  const field = page.getByLabel(words.picker.field);
  for (const name of ["ilse", "nobody.here"]) {
    await field.fill(name);
    await page.keyboard.press("Enter");
  }
  await page.keyboard.press("Enter");
  await page.keyboard.type("Winter concert");
  await page.keyboard.press("Enter");
  await page.getByText(words.picker.wrongOne("nobody.here")).waitFor();
  await page.getByRole("button", { name: words.picker.remove("nobody.here") }).press("Enter");
  await field.press("Enter");
  expect(await page.getByLabel(words.create.name).inputValue()).toBe("Winter concert");
});

test("a member's menu follows the arrows, and Escape closes one layer at a time", async () => {
  await open(`${station}/group`);
  const row = page.getByRole("button", { name: "ilse, Member" });
  await row.press("Enter");
  await page.getByRole("menuitem", { name: words.member.message }).waitFor();
  await page.keyboard.press("End");
  expect(await focused().textContent()).toBe(words.member.remove);
  await page.keyboard.press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });
  expect(await focused().getAttribute("aria-label")).toBe("ilse, Member");
  expect(page.url()).toContain("/group");
  await page.keyboard.press("Escape");
  await page.getByRole("complementary", { name: words.info.title }).waitFor({ state: "detached" });
  expect(page.url()).toBe(origin + station);
});

test("removing asks first; the safe choice has the focus, and the focus comes back", async () => {
  await open(`${station}/group`, { width: 390, height: 844 });
  const row = page.getByRole("button", { name: "ilse, Member" });
  await row.press("Enter");
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  const question = page.getByRole("dialog", { name: words.member.removeTitle("ilse") });
  await question.getByText(words.member.removeBody("ilse", false), { exact: true }).waitFor();
  expect(await focused().textContent()).toBe(text.common.cancel);
  await page.keyboard.press("Escape");
  await question.waitFor({ state: "detached" });
  expect(await focused().getAttribute("aria-label")).toBe("ilse, Member");
  await row.press("Enter");
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await question.getByRole("button", { name: words.member.removeAction }).press("Enter");
  await row.waitFor({ state: "detached" });
});

test("offline, a change is refused in words and the input stays", async () => {
  await open(`${station}/group?scene=waiting`);
  await page.getByRole("button", { name: words.info.rename }).press("Enter");
  await page.getByLabel(words.create.name).fill("Saturday");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText(words.info.offline).waitFor();
  expect(await page.getByLabel(words.create.name).inputValue()).toBe("Saturday");
});

test("who has left has one line in place of the message field", async () => {
  await open(`/chat/${fakeId("group-Street party")}`);
  await page.getByText(words.readOnly.left).waitFor();
  expect(await page.locator("[data-composer]").count()).toBe(0);
});
