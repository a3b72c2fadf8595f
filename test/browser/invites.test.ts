/** A person opens an invite link, makes an account, and lands in the group, where both talk. Everything through the screen. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { inviteText } from "#app/i18n/en-invites.ts";
import { text } from "#app/i18n/en.ts";
import { Person } from "./person.ts";
import { openStage, type Profile, type Stage } from "./stage.ts";

const words = inviteText.join;
/** Seven derivations of passwords, on a machine that may be busy. */
const patienceMs = 240_000;
let stage: Stage;
let anna: Person;
let ben: Person;
let link: URL;
beforeAll(async () => {
  stage = await openStage();
  anna = await Person.signUp(stage, "invites.anna");
  ben = await Person.signUp(stage, "invites.ben");
}, patienceMs);
afterAll(() => stage.close());

/** Signs up where a link has led. */
async function signUpHere({ page }: Profile, name: string): Promise<void> {
  await page.getByRole("button", { name: words.signUp }).click();
  await page.getByLabel(text.signUp.username).fill(name);
  await page.getByLabel(text.signUp.password, { exact: true }).fill("seven quiet owls at dusk");
  await page.reload(); // the link is in the address, not in memory
  await page.getByLabel(text.signUp.username).fill(name);
  await page.getByLabel(text.signUp.password, { exact: true }).fill("seven quiet owls at dusk");
  await page.getByRole("button", { name: text.signUp.submit }).click();
  await page.getByLabel(text.recovery.saved).check({ timeout: 60_000 });
  await page.getByRole("button", { name: text.recovery.submit }).click();
}

test(
  "[CL245] from the link through signing up into the group",
  async () => {
    await anna.newGroup("Open door", ["invites.ben"]);
    await anna.openGroupInfo("Open door");
    await anna.page.getByRole("button", { name: inviteText.make }).click();
    const shown = await anna.page.getByRole("textbox", { name: inviteText.linkLabel }).inputValue();
    expect(shown).toMatch(/\/join#[\w-]{66}$/);
    link = new URL(shown ?? "");
    await anna.page.keyboard.press("Escape");

    const profile = await stage.profile({ phone: true });
    const asked: string[] = [];
    profile.page.on("request", (request) => asked.push(`${request.url()} ${request.postData() ?? ""}`));
    await profile.page.goto(link.pathname + link.hash);
    await profile.page.getByRole("heading", { name: "Open door" }).waitFor();
    await profile.page.getByText(words.members(2)).waitFor();
    await signUpHere(profile, "invites.carl");
    await profile.page.getByRole("dialog").getByRole("heading", { name: "Open door" }).waitFor();
    await profile.page.getByRole("button", { name: words.joinAction }).tap();
    const carl = new Person("invites.carl", profile);
    await carl.composer("Open door").waitFor();
    expect(new URL(profile.page.url()).hash).toBe("");
    await carl.write("Open door", "here I am");
    await anna.until((messages) => messages.some((each) => each.text === "here I am"), "the newcomer");
    await anna.write("Open door", "welcome");
    await carl.until((messages) => messages.some((each) => each.text === "welcome"), "the welcome");
    await ben.openChat("Open door");
    await ben.until((messages) => messages.some((each) => each.text === "here I am"), "the newcomer");
    await anna.page.locator(".change-line", { hasText: "invites.carl joined by the invite link" }).waitFor();
    const code = link.hash.slice(1);
    expect(asked.filter((each) => each.includes(code))).toEqual([]);
    expect(asked.length).toBeGreaterThan(10);
  },
  patienceMs,
);

test(
  "[CL245] where approval is asked for, an admin lets in; an old link says that it is over",
  async () => {
    await anna.page.getByRole("button", { name: inviteText.show }).click();
    await anna.page.getByLabel(inviteText.approve).check();
    await anna.page.keyboard.press("Escape");
    await anna.page.getByText(inviteText.asks, { exact: true }).waitFor();
    const dora = await stage.profile();
    await dora.page.goto(link.pathname + link.hash);
    await signUpHere(dora, "invites.dora");
    await dora.page.getByRole("button", { name: words.askAction }).click();
    await dora.page.getByText(words.waiting).waitFor();
    await dora.page.getByRole("button", { name: words.done }).click();
    await dora.page.getByText(inviteText.pending.waiting("Open door")).waitFor();
    await anna.page.bringToFront();
    await anna.page
      .getByRole("button", { name: inviteText.letInName("invites.dora") })
      .click({ timeout: 60_000 });
    await dora.page.getByRole("navigation").getByText("Open door", { exact: true }).waitFor();
    await dora.page.getByText(inviteText.pending.waiting("Open door")).waitFor({ state: "detached" });

    // Reset, the old link says so.
    await anna.page.getByRole("button", { name: inviteText.show }).click();
    await anna.page.getByRole("button", { name: inviteText.reset }).click();
    await anna.page
      .getByRole("dialog", { name: inviteText.resetTitle })
      .getByRole("button", { name: inviteText.reset })
      .click();
    await anna.page.getByRole("dialog", { name: inviteText.resetTitle }).waitFor({ state: "detached" });
    const late = await stage.profile();
    await late.page.goto(link.pathname + link.hash);
    await late.page.getByRole("alert").getByText(text.errors.invite_invalid).waitFor();
  },
  patienceMs,
);
