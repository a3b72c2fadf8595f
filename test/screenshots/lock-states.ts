/** The lock screen and the app lock in the settings. */
import type { Page } from "playwright-core";
import { lockText } from "#app/i18n/en-lock.ts";
import { storageText } from "#app/i18n/en-storage.ts";
import { vaultText } from "#app/i18n/en-vault.ts";
import type { State } from "./state.ts";

const scroll = (page: Page): Promise<void> =>
  page.getByRole("heading", { name: lockText.title }).scrollIntoViewIfNeeded();

const scrollToPasskeys = (page: Page): Promise<void> =>
  page.getByRole("button", { name: vaultText.add }).scrollIntoViewIfNeeded();

export const lockStates: readonly State[] = [
  {
    name: "evicted",
    path: "/",
    scene: "signed_out",
    steps: async (page) => {
      await page.evaluate('localStorage.setItem("sotto.account", "here")');
      await page.reload();
      await page.getByRole("heading", { name: storageText.evictedTitle }).waitFor();
    },
  },
  {
    name: "settings-storage",
    path: "/settings",
    steps: (page) => page.getByRole("heading", { name: storageText.title }).scrollIntoViewIfNeeded(),
  },
  { name: "locked", path: "/", scene: "locked" },
  {
    name: "locked-wrong",
    path: "/",
    scene: "locked",
    steps: async (page) => {
      await page.getByLabel(lockText.passphrase, { exact: true }).fill("four loud summer cars");
      await page.getByRole("button", { name: lockText.unlock }).click();
      await page.getByText(lockText.wrong).waitFor();
    },
  },
  { name: "locked-wait", path: "/", scene: "locked_wait" },
  { name: "locked-passkey", path: "/", scene: "locked_passkey" },
  {
    name: "locked-forgot",
    path: "/",
    scene: "locked",
    steps: (page) => page.getByRole("button", { name: lockText.forgot }).click(),
  },
  { name: "settings-lock-off", path: "/settings", steps: scroll },
  { name: "settings-lock-on", path: "/settings", scene: "lock_on", steps: scroll },
  {
    name: "lock-set",
    path: "/settings",
    steps: (page) => page.getByRole("button", { name: lockText.setPassphrase }).click(),
  },
  {
    name: "lock-change",
    path: "/settings",
    scene: "lock_on",
    steps: (page) => page.getByRole("button", { name: lockText.change, exact: true }).click(),
  },
  {
    name: "login-code-or-passkey",
    path: "/login",
    scene: "signed_out_passkey",
    steps: async (page) => {
      await page.getByLabel("Username").fill("mira");
      await page.getByLabel("Password", { exact: true }).fill("three quiet winter trams");
      await page.getByRole("button", { name: "Continue" }).click();
      await page.getByRole("button", { name: vaultText.insteadOfCode }).waitFor();
    },
  },
  { name: "settings-passkeys", path: "/settings", scene: "passkeys", steps: scrollToPasskeys },
  {
    name: "passkey-add",
    path: "/settings",
    scene: "passkeys",
    steps: (page) => page.getByRole("button", { name: vaultText.add }).click(),
  },
  {
    name: "passkey-remove",
    path: "/settings",
    scene: "passkeys",
    steps: (page) => page.getByRole("button", { name: vaultText.remove("Chrome on Windows") }).click(),
  },
];
