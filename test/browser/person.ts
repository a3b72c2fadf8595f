/** A person at the app: what they do with hands and eyes, by roles and labels only. */
import type { Locator, Page } from "playwright-core";
import { historyText } from "#app/i18n/en-history.ts";
import { backupText } from "#app/i18n/en-backup.ts";
import { text } from "#app/i18n/en.ts";
import type { HistoryChoice } from "#core/client-api.ts";
import type { Profile, Stage } from "./stage.ts";

/** A message as it stands on the screen. */
export interface SeenMessage {
  readonly seq: number | undefined;
  readonly text: string;
  /** The spoken state of an own message, empty for others'. */
  readonly state: string;
}

export const password = "seven quiet owls at dusk";

export class Person {
  readonly name: string;
  readonly profile: Profile;
  readonly page: Page;
  recoveryCode = "";

  constructor(name: string, profile: Profile) {
    this.name = name;
    this.profile = profile;
    this.page = profile.page;
  }

  static async signUp(stage: Stage, name: string, options: { phone?: boolean } = {}): Promise<Person> {
    const person = new Person(name, await stage.profile(options));
    const { page } = person;
    await page.goto("/");
    await page.getByRole("button", { name: text.welcome.signUp }).click();
    await page.getByLabel(text.signUp.username).fill(name);
    await page.getByLabel(text.signUp.password, { exact: true }).fill(password);
    await page.getByRole("button", { name: text.signUp.submit }).click();
    const groups = page.getByRole("region", { name: text.recovery.label }).getByRole("listitem");
    await groups.first().waitFor({ timeout: 60_000 });
    person.recoveryCode = (await groups.allTextContents()).join("-");
    await page.getByLabel(text.recovery.saved).check();
    await page.getByRole("button", { name: text.recovery.submit }).click();
    await page.getByText(text.list.emptyTitle).waitFor();
    return person;
  }

  /** Anna and Ben, each with the other's chat open, after Anna's first message. */
  static async pair(stage: Stage, firstMessage: string): Promise<readonly [anna: Person, ben: Person]> {
    const anna = await Person.signUp(stage, "anna");
    const ben = await Person.signUp(stage, "ben");
    await anna.startChat("ben");
    await anna.write("ben", firstMessage);
    await ben.openChat("anna");
    return [anna, ben];
  }

  /** Signs in on another profile with password and recovery code. */
  static async logIn(stage: Stage, name: string, recoveryCode: string, profile?: Profile): Promise<Person> {
    const person = new Person(name, profile ?? (await stage.profile()));
    const { page } = person;
    await page.goto("/");
    await page.getByRole("button", { name: text.welcome.logIn }).click();
    await page.getByLabel(text.logIn.username).fill(name);
    await page.getByLabel(text.logIn.password, { exact: true }).fill(password);
    await page.getByRole("button", { name: text.logIn.submit }).click();
    await page.getByLabel(text.recovery.enterLabel).fill(recoveryCode.toLowerCase());
    await page.getByRole("button", { name: text.recovery.enterSubmit }).click();
    await page.getByRole("heading", { name: text.list.title }).waitFor({ timeout: 60_000 });
    person.recoveryCode = recoveryCode;
    return person;
  }

  async startChat(username: string): Promise<void> {
    await this.page.getByRole("button", { name: text.list.newChat }).first().click();
    await this.page.getByRole("textbox", { name: text.newChat.field }).fill(username);
    await this.page.keyboard.press("Enter");
    await this.composer(username).waitFor();
  }

  /** By keyboard alone: names, Enter, the group's name, Enter. */
  async newGroup(title: string, usernames: readonly string[]): Promise<void> {
    await this.page.getByRole("button", { name: text.list.newChat }).first().click();
    await this.page.getByRole("button", { name: text.groups.create.action }).click();
    await this.#pick(usernames);
    await this.page.keyboard.press("Enter");
    await this.page.getByLabel(text.groups.create.name).fill(title);
    await this.page.keyboard.press("Enter");
    await this.composer(title).waitFor();
  }

  /** Opens what is known of the group on screen. */
  async openGroupInfo(title: string): Promise<void> {
    await this.page.getByRole("button", { name: text.groups.openInfo(title) }).click();
    await this.page.getByRole("heading", { name: text.groups.info.members }).waitFor();
  }

  async addToGroup(usernames: readonly string[], history: HistoryChoice = "none"): Promise<void> {
    await this.page.getByRole("button", { name: text.groups.info.add }).last().click();
    await this.page.getByRole("radio", { name: historyText.choices[history] }).check();
    await this.#pick(usernames);
    await this.page.keyboard.press("Enter");
    await this.page.getByRole("dialog", { name: text.groups.info.addTitle }).waitFor({ state: "detached" });
  }

  /** Chooses from the menu of a member, the group's info being open. */
  async chooseForMember(username: string, action: "makeAdmin" | "remove"): Promise<void> {
    await this.page.getByRole("button", { name: new RegExp(`^${username}, `) }).click();
    await this.page.getByRole("menuitem", { name: text.groups.member[action] }).click();
  }

  async #pick(usernames: readonly string[]): Promise<void> {
    const field = this.page.getByLabel(text.groups.picker.field);
    for (const username of usernames) {
      await field.fill(username);
      await field.press("Enter");
      await this.page.getByRole("button", { name: text.groups.picker.remove(username) }).waitFor();
    }
  }

  async openChat(username: string): Promise<void> {
    await this.page
      .getByRole("navigation", { name: text.list.label })
      .getByText(username, { exact: true })
      .click();
    await this.composer(username).waitFor();
  }

  /** The settings being open, until the backup holds so many messages: it may have saved them by itself already. */
  async saveBackup(messages: number): Promise<void> {
    const saved = this.page.getByText(backupText.saved(messages)).waitFor();
    await Promise.any([saved, this.page.getByRole("button", { name: backupText.save }).click()]);
    await saved;
  }

  composer(username: string): Locator {
    return this.page.getByLabel(text.composer.label(username));
  }

  async write(username: string, message: string): Promise<void> {
    const field = this.composer(username);
    await field.fill(message);
    // On a touch keyboard Enter starts a new line.
    if (this.profile.isPhone) await this.page.getByRole("button", { name: text.composer.send }).tap();
    else await field.press("Enter");
  }

  /** Everything in the open chat, from top to bottom. */
  messages(): Promise<SeenMessage[]> {
    return this.page.locator("li.message").evaluateAll(
      (rows, states) =>
        rows.map((row) => {
          const label = row.getAttribute("aria-label") ?? "";
          const state = states.find((each) => label.endsWith(`, ${each}`)) ?? "";
          const seq = row.getAttribute("data-seq");
          const body = row.querySelector(".bubble-text, .bubble-jumbo, .bubble-unreadable");
          return { seq: seq === null ? undefined : Number(seq), text: body?.textContent ?? "", state };
        }),
      Object.values(text.delivery),
    );
  }

  /** The whole open chat, by scrolling up to its beginning. */
  async wholeChat(): Promise<SeenMessage[]> {
    const seen = new Map<number, SeenMessage>();
    for (;;) {
      for (const message of await this.messages())
        if (message.seq !== undefined) seen.set(message.seq, message);
      if (seen.size === 0 || seen.has(1))
        return [...seen.values()].sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
      const lowest = Math.min(...seen.keys());
      await this.page.locator("section.log").evaluate((log) => (log.scrollTop = 0));
      await this.until(
        (messages) => messages.some(({ seq }) => (seq ?? lowest) < lowest),
        "earlier messages",
      );
    }
  }

  /** Waits until the open chat satisfies `condition`; fails with what it shows instead. */
  async until(
    condition: (messages: readonly SeenMessage[]) => boolean,
    what: string,
    timeoutMs = 30_000,
  ): Promise<SeenMessage[]> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const seen = await this.messages();
      if (condition(seen)) return seen;
      if (Date.now() > deadline) {
        const tail = seen.slice(-3).map((message) => JSON.stringify(message));
        throw new Error(
          `${this.name} never saw ${what}; ${seen.length} messages, the last: ${tail.join(" ")}`,
        );
      }
      await this.page.waitForTimeout(50);
    }
  }
}

/** Position, text and nothing that differs between the two ends of a conversation. */
export function transcript(messages: readonly SeenMessage[]): string[] {
  return messages.map((message) => `${message.seq ?? "unsent"} ${message.text}`);
}
