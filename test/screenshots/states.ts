/** Every state of the app worth looking at, and how a person gets there. */
import type { Page } from "playwright-core";
import { fakeId } from "#test/support/fake-client-data.ts";

export interface State {
  readonly name: string;
  readonly path: string;
  readonly scene?: string;
  readonly steps?: (page: Page) => Promise<void>;
}

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
  { name: "ended", path: "/", scene: "ended" },
  { name: "ended-security", path: "/", scene: "ended_security" },
  { name: "failure", path: "/", scene: "failure" },
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
  { name: "settings", path: "/settings" },
  {
    name: "settings-logout",
    path: "/settings",
    steps: async (page) => {
      await page.getByText("Safari on iPhone").waitFor();
      await page.getByRole("button", { name: "Log out everywhere" }).click();
    },
  },
  {
    name: "toast",
    path: "/",
    scene: "empty",
    steps: (page) => page.getByRole("button", { name: "Copy your username" }).click(),
  },
];
