/** Every state of the app worth looking at, and how a person gets there. */
import type { Page } from "playwright-core";
import { linkText } from "#app/i18n/en-link.ts";
import { fakeId } from "#test/support/fake-client-data.ts";
import { lockStates } from "./lock-states.ts";
import { groupStates } from "./group-states.ts";
import { inviteStates } from "./invite-states.ts";
import { resetStates } from "./reset-states.ts";
import { accountStates } from "./account-states.ts";
import type { State } from "./state.ts";

const chat = (username: string): string => `/chat/${fakeId(`chat-${username}`)}`;
const code = "7k3qx m0n4v 2wtbc 9hj5r dz8ep 6gsy1 qfa4k 3x7mn";

async function signUp(page: Page): Promise<void> {
  await page.getByLabel("Username").fill("mira.k");
  await page.getByLabel("Password", { exact: true }).fill("three quiet winter trams");
}

async function logIn(page: Page): Promise<void> {
  await page.getByLabel("Username").fill("mira");
  await page.getByLabel("Password", { exact: true }).fill("three quiet winter trams");
  await page.getByRole("button", { name: "Continue" }).click();
}

async function openLink(page: Page): Promise<void> {
  await page.getByRole("button", { name: linkText.linkAction }).click();
}

async function unlockLink(page: Page): Promise<void> {
  await openLink(page);
  await page.getByLabel("Recovery code").fill(code);
  await page.getByRole("button", { name: linkText.unlock }).click();
}

async function confirmLink(page: Page): Promise<void> {
  await unlockLink(page);
  await page.getByLabel(linkText.enterLabel).fill("7k3qx m0n4v 2wtbc 9hj5r");
  await page.getByRole("button", { name: linkText.enterSubmit }).click();
}
/** A picture, painted by the page itself. */
const painted = `(async () => {
  const canvas = new OffscreenCanvas(1200, 800);
  const context = canvas.getContext("2d");
  const sky = context.createLinearGradient(0, 0, 0, 800);
  sky.addColorStop(0, "#7fa6c9");
  sky.addColorStop(1, "#f6c9a0");
  context.fillStyle = sky;
  context.fillRect(0, 0, 1200, 800);
  const picture = await canvas.convertToBlob({ type: "image/jpeg" });
  return Array.from(new Uint8Array(await picture.arrayBuffer()));
})()`;

const dragOver = `(() => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(["x"], "x.txt"));
  const event = new DragEvent("dragenter", { dataTransfer, bubbles: true });
  document.querySelector("main.chat").dispatchEvent(event);
})()`;

async function attach(page: Page, names: readonly string[]): Promise<void> {
  const picture = Buffer.from(await page.evaluate<number[]>(painted));
  const files = names.map((name) => {
    const isPicture = name.endsWith(".jpg");
    const mimeType = isPicture ? "image/jpeg" : "application/octet-stream";
    return { name, mimeType, buffer: isPicture ? picture : Buffer.alloc(name.length * 60_000) };
  });
  await page.locator("[data-attach]").setInputFiles(files);
  await page.locator(".pick").first().waitFor();
  await page.waitForTimeout(300);
}
const showBackup = (page: Page): Promise<void> =>
  page.getByRole("button", { name: "Import a file" }).scrollIntoViewIfNeeded();

const composer = (page: Page) => page.locator("[data-composer]");

export const states: readonly State[] = [
  { name: "welcome", path: "/welcome", scene: "signed_out" },
  { name: "signup", path: "/signup", scene: "signed_out" },
  { name: "signup-filled", path: "/signup", scene: "signed_out", steps: signUp },
  {
    name: "signup-problems",
    path: "/signup",
    scene: "signed_out",
    steps: async (page) => {
      await page.getByLabel("Username").fill("mira..k");
      await page.getByLabel("Password", { exact: true }).fill("short");
    },
  },
  {
    name: "deriving",
    path: "/signup",
    scene: "deriving",
    steps: async (page) => {
      await signUp(page);
      await page.getByRole("button", { name: "Create account" }).click();
    },
  },
  {
    name: "recovery-code",
    path: "/signup",
    scene: "signed_out",
    steps: async (page) => {
      await signUp(page);
      await page.getByRole("button", { name: "Create account" }).click();
      await page.getByText("Save your recovery code").waitFor();
    },
  },
  {
    name: "login-wrong",
    path: "/login",
    scene: "signed_out",
    steps: async (page) => {
      await page.getByLabel("Username").fill("mira");
      await page.getByLabel("Password", { exact: true }).fill("wrong password");
      await page.getByRole("button", { name: "Continue" }).click();
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "recovery-entry",
    path: "/login",
    scene: "signed_out",
    steps: async (page) => {
      await logIn(page);
      await page.getByLabel("Recovery code").fill(code);
    },
  },
  { name: "link-join", path: "/link", scene: "signed_out" },
  {
    name: "link-join-typed",
    path: "/link",
    scene: "signed_out",
    steps: async (page) => await page.getByRole("button", { name: linkText.showTyped }).click(),
  },
  {
    name: "link-join-enter",
    path: "/link",
    scene: "signed_out",
    steps: async (page) => {
      await page.getByRole("button", { name: linkText.enterInstead }).click();
      await page.getByLabel(linkText.enterLabel).fill("7K3QX");
      await page.getByRole("button", { name: linkText.enterSubmit }).click();
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "link-join-failed",
    path: "/link",
    scene: "signed_out",
    steps: (page) =>
      page.evaluate(() => globalThis.fakeClient?.devices.setLink({ state: "failed", reason: "expired" })),
  },
  { name: "link-unlock", path: "/settings", steps: openLink },
  { name: "link-enter", path: "/settings", steps: unlockLink },
  {
    name: "link-show",
    path: "/settings",
    steps: async (page) => {
      await unlockLink(page);
      await page.getByRole("button", { name: linkText.showInstead }).click();
    },
  },
  { name: "link-confirm", path: "/settings", steps: confirmLink },
  {
    name: "link-compare",
    path: "/settings",
    steps: async (page) => {
      await confirmLink(page);
      await page.getByRole("button", { name: linkText.confirmYes }).click();
    },
  },
  {
    name: "link-done",
    path: "/settings",
    steps: async (page) => {
      await confirmLink(page);
      await page.getByRole("button", { name: linkText.confirmYes }).click();
      await page.getByRole("button", { name: linkText.compareYes }).click();
    },
  },
  {
    name: "devices",
    path: "/settings",
    steps: (page) => page.getByRole("button", { name: linkText.linkAction }).scrollIntoViewIfNeeded(),
  },
  {
    name: "device-remove",
    path: "/settings",
    steps: (page) => page.getByRole("button", { name: linkText.remove("Safari on iPhone") }).click(),
  },
  {
    name: "device-rename",
    path: "/settings",
    steps: (page) => page.getByRole("button", { name: linkText.rename("Safari on iPhone") }).click(),
  },
  {
    name: "device-added",
    path: "/",
    steps: (page) => page.evaluate(() => globalThis.fakeClient?.devices.setRecent([5])),
  },
  { name: "ended", path: "/", scene: "ended" },
  { name: "ended-security", path: "/", scene: "ended_security" },
  { name: "failure", path: "/", scene: "failure" },
  ...lockStates,
  { name: "list", path: "/" },
  { name: "list-empty", path: "/", scene: "empty" },
  { name: "list-loading", path: "/", scene: "loading" },
  { name: "list-waiting", path: "/", scene: "waiting" },
  { name: "chat", path: chat("anna.lindqvist") },
  { name: "chat-unread", path: chat("tomas_v") },
  { name: "chat-failed", path: chat("jonas.b") },
  { name: "chat-links", path: chat("study.group") },
  {
    name: "chat-long-text",
    path: chat("tomas_v"),
    steps: async (page) => {
      await page.locator(".log").evaluate((log) => log.scrollTo(0, 0));
    },
  },
  { name: "chat-withheld", path: chat("grandma") },
  { name: "chat-withheld-own", path: chat("felix.the.very.long.name.of.all") },
  { name: "chat-rtl", path: chat("יעל") },
  {
    name: "chat-scrolled",
    path: chat("noor"),
  },
  { name: "chat-waiting", path: chat("ilse"), scene: "waiting" },
  {
    name: "chat-composing",
    path: chat("ilse"),
    steps: async (page) => {
      await composer(page).fill(
        "Friday at seven, then.\nShall I bring the blue folder,\nor do you have copies?",
      );
    },
  },
  {
    name: "chat-empty",
    path: "/new",
    steps: async (page) => {
      await page.getByRole("dialog").getByLabel("Username").fill("wren");
      await page.keyboard.press("Enter");
      await composer(page).waitFor();
    },
  },
  { name: "chat-held", path: chat("grandma") },
  { name: "chat-warned", path: chat("study.group") },
  {
    name: "contact",
    path: chat("tomas_v"),
    steps: async (page) => {
      await page.getByTitle("About tomas_v").click();
      await page.getByText("Mark as verified").waitFor();
    },
  },
  {
    name: "contact-changed",
    path: chat("grandma"),
    steps: async (page) => {
      await page.getByTitle("About grandma").click();
      await page.getByText("Mark as verified").waitFor();
    },
  },
  {
    name: "contact-verified",
    path: chat("anna.lindqvist"),
    steps: async (page) => {
      await page.getByTitle("About anna.lindqvist").click();
      await page.getByText("Clear verification").waitFor();
    },
  },
  {
    name: "contact-compared",
    path: chat("tomas_v"),
    steps: async (page) => {
      await page.getByTitle("About tomas_v").click();
      await page.getByLabel("Paste their number").fill("12345 ".repeat(12));
      await page.keyboard.press("Enter");
      await page.getByText("The numbers are not the same").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "message-menu",
    path: chat("anna.lindqvist"),
    steps: async (page) => {
      await page.getByText("She has no idea", { exact: true }).click({ button: "right" });
      await page.getByRole("menuitem", { name: "Report…" }).waitFor();
    },
  },
  {
    name: "report",
    path: chat("anna.lindqvist"),
    steps: async (page) => {
      await page.getByText("She has no idea", { exact: true }).click({ button: "right" });
      await page.getByRole("menuitem", { name: "Report…" }).click();
      await page.getByRole("checkbox").check();
    },
  },
  {
    name: "files",
    path: chat("ilse.pictures"),
    scene: "files",
    steps: async (page) => {
      await page.locator(".tile-sharp").last().waitFor();
    },
  },
  {
    name: "files-above",
    path: chat("ilse.pictures"),
    scene: "files",
    steps: async (page) => {
      await page.locator(".tile-sharp").last().waitFor();
      await page.locator(".log").evaluate((log) => log.scrollTo(0, 0));
      await page.locator(".tile-sharp").first().waitFor();
      await page.waitForTimeout(300);
    },
  },
  {
    name: "files-viewer",
    path: chat("ilse.pictures"),
    scene: "files",
    steps: async (page) => {
      await page.locator(".tile-sharp").last().waitFor();
      await page.locator(".log").evaluate((log) => log.scrollTo(0, 0));
      await page.getByRole("button", { name: "Open picture IMG_2241.jpg" }).click();
      await page.locator(".viewer img").waitFor();
    },
  },
  { name: "files-sheet", path: chat("ilse"), steps: (page) => attach(page, ["dawn.jpg"]) },
  {
    name: "files-sheet-many",
    path: chat("ilse"),
    scene: "small_limit",
    steps: (page) => attach(page, ["dawn.jpg", "minutes of the meeting.pdf", "the whole concert, uncut.mov"]),
  },
  {
    name: "files-drop",
    path: chat("ilse"),
    steps: (page) => page.evaluate(dragOver),
  },
  { name: "new-chat", path: "/new" },
  {
    name: "new-chat-start",
    path: "/new",
    steps: (page) => page.getByRole("dialog").getByLabel("Username").fill("mira.s"),
  },
  {
    name: "new-chat-unknown",
    path: "/new",
    steps: async (page) => {
      await page.getByRole("dialog").getByLabel("Username").fill("nobody.here");
      await page.keyboard.press("Enter");
      await page.getByText("Nobody has this username.").waitFor();
    },
  },
  ...groupStates,
  ...inviteStates,
  ...accountStates,
  ...resetStates,
  { name: "settings", path: "/settings" },
  { name: "settings-backup", path: "/settings", steps: showBackup },
  { name: "settings-backup-full", path: "/settings", scene: "backup_full", steps: showBackup },
  { name: "settings-backup-off", path: "/settings", scene: "backup_off", steps: showBackup },
  { name: "settings-restoring", path: "/settings", scene: "restoring", steps: showBackup },
  {
    name: "backup-export",
    path: "/settings",
    steps: async (page) => {
      await page.getByRole("button", { name: "Export a file" }).click();
      await page.getByLabel("Passphrase", { exact: true }).fill("seven quiet owls");
    },
  },
  {
    name: "backup-import-wrong",
    path: "/settings",
    steps: async (page) => {
      await page.getByRole("button", { name: "Import a file" }).click();
      const file = { name: "sotto-mira-2026-11-20.sottokeys", mimeType: "", buffer: Buffer.from("sottokey") };
      await page.getByLabel("Choose a file").setInputFiles(file);
      await page.getByLabel("Passphrase", { exact: true }).fill("wrong");
      await page.getByRole("button", { name: "Import", exact: true }).click();
      await page.getByText("does not open this file").waitFor();
    },
  },
  { name: "list-restoring", path: "/", scene: "restoring" },
  {
    name: "toast",
    path: "/",
    scene: "empty",
    steps: (page) => page.getByRole("button", { name: "Copy your username" }).click(),
  },
];
