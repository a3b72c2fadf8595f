/**
 * Two people compare their numbers in real browsers, and one sees what a changed key looks like. What this does not show: a camera (the
 * machine has none), and reports, which this build knows no moderators for.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { trustText } from "#app/i18n/en-trust.ts";
import { text } from "#app/i18n/en.ts";
import type { DeviceDirectory } from "#schema/http/devices.ts";
import { enrolmentOnTop } from "../support/client/key-reset.ts";
import { Person } from "./person.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
let anna: Person;
let ben: Person;

beforeAll(async () => {
  stage = await openStage();
  anna = await Person.signUp(stage, "anna");
  ben = await Person.signUp(stage, "ben", { phone: true });
  await anna.startChat("ben");
  await anna.write("ben", "is it you?");
  await ben.openChat("anna");
  await ben.until((seen) => seen.length === 1, "the first message");
});
afterAll(() => stage.close());

async function openContact(person: Person, name: string): Promise<string> {
  await person.page.getByTitle(text.chat.about(name)).click();
  const groups = person.page.getByRole("list", { name: trustText.contact.number }).getByRole("listitem");
  await groups.first().waitFor();
  return (await groups.allTextContents()).join(" ");
}

test("[VF1] [VF2] two people compare numbers, and one marks the other as verified", async () => {
  const [atAnna, atBen] = [await openContact(anna, "ben"), await openContact(ben, "anna")];
  expect(atAnna).toMatch(/^(\d{5} ){11}\d{5}$/);
  expect(atBen).toBe(atAnna);
  const { page } = anna;
  await page.getByLabel(trustText.contact.field).fill("1".repeat(60));
  await page.getByRole("button", { name: trustText.contact.compare }).click();
  await page.getByText(trustText.contact.results.different).waitFor();
  expect(await page.getByRole("button", { name: trustText.contact.mark }).isDisabled()).toBe(true);
  await page.getByLabel(trustText.contact.field).fill(atBen);
  await page.getByRole("button", { name: trustText.contact.compare }).click();
  await page.getByText(trustText.contact.results.same).waitFor();
  await page.getByRole("button", { name: trustText.contact.mark }).click();
  await page.getByRole("button", { name: trustText.contact.clear }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".chat-verified").waitFor();
  await page.reload();
  await page.locator(".chat-verified").waitFor();
  await ben.page.getByRole("button", { name: text.common.close }).click();
});

/** Runs in the page: presses outside in the very moment a menu comes up, before the next frame. */
const pressWhenTheMenuShows = `new Promise((pressed) => {
  new MutationObserver((changes, observer) => {
    if (document.querySelector('[role="menu"]:popover-open') === null) return;
    observer.disconnect();
    document.body.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    pressed();
  }).observe(document.body, { childList: true, subtree: true, attributes: true });
})`;

test("the menu of a message opens by keyboard, by the other button and by a long press, and closes again", async () => {
  const { page } = anna;
  await page.locator("section.log").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  const copy = page.getByRole("menuitem", { name: trustText.menu.copy });
  await copy.waitFor();
  expect(await copy.evaluate((item) => item.matches(":focus"))).toBe(true);
  expect(await page.getByRole("menuitem").count()).toBe(1);
  await page.keyboard.press("Escape");
  await copy.waitFor({ state: "detached" });
  const isBack = await page.locator("li.message").evaluate((row) => row.matches(":focus"));
  expect(isBack).toBe(true);
  await page.locator("li.message .bubble").click({ button: "right" });
  await copy.waitFor();
  await page.mouse.click(5, 5);
  await copy.waitFor({ state: "detached" });
  const pressed = page.evaluate(pressWhenTheMenuShows);
  await page.locator("li.message .bubble").click({ button: "right" });
  await pressed;
  await copy.waitFor({ state: "detached" });

  const bubble = await ben.page.locator("li.message .bubble").boundingBox();
  const [x, y] = [bubble!.x + 20, bubble!.y + 15];
  const touch = await ben.profile.context.newCDPSession(ben.page);
  await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x, y }] });
  await ben.page.getByRole("menuitem", { name: trustText.menu.copy }).waitFor();
  await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await ben.page.keyboard.press("Escape");
  await ben.page.getByRole("menuitem").waitFor({ state: "detached" });
});

test("[VF4] [VF5] another key for a verified contact is a line in the chat, and messages wait for the person", async () => {
  const { page } = anna;
  await anna.profile.context.route("**/api/accounts/*/devices*", async (route) => {
    const answer = await route.fetch();
    const body = (await answer.json()) as { data: DeviceDirectory };
    if (body.data.username !== "ben") return route.fulfill({ response: answer });
    const { account, username, lists, certificates } = body.data;
    const reset = enrolmentOnTop({ account, username, newest: lists[0]! }, 2);
    const data = {
      ...body.data,
      lists: [lists[0], reset.deviceList],
      certificates: [certificates[0], { deviceId: 2, certificate: reset.certificate }],
    };
    await route.fulfill({ response: answer, json: { ...body, data } });
  });
  const second = await Person.logIn(stage, "ben", ben.recoveryCode);
  await page.getByText(text.chat.keyChanged("ben")).waitFor();
  await page.getByText(trustText.trust.held("ben")).waitFor();
  await page.locator(".chat-verified").waitFor({ state: "detached" });
  await anna.write("ben", "to whom?");
  const waiting = await anna.until((seen) => seen.length === 2, "her own message");
  expect(waiting.at(-1)).toEqual({ seq: undefined, text: "to whom?", state: text.delivery.pending });
  await page.getByText(text.chat.keyChangedMore).click();
  await page.getByText(trustText.trust.changedBody("ben")).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: trustText.trust.sendAnyway }).click();
  await page.getByRole("dialog").getByRole("button", { name: trustText.trust.sendAnyway }).click();
  await page.getByText(trustText.trust.held("ben")).waitFor({ state: "detached" });
  expect([...anna.profile.problems, ...ben.profile.problems, ...second.profile.problems]).toEqual([]);
});
