import "./settings.css";
import { useState } from "preact/hooks";
import { linkText } from "../../i18n/en-link.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import type { Theme } from "../../state/preferences.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { ConfirmDialog, Dialog } from "../../ui/dialog.tsx";
import { Icon, type IconName } from "../../ui/icons.tsx";
import { BackupSection } from "../backup/backup-section.tsx";
import { StorageSection } from "../evicted/storage-section.tsx";
import { LockSection } from "../lock/lock-section.tsx";
import { PasswordSection } from "../password/password-section.tsx";
import { PresenceChoice } from "./presence-choice.tsx";
import { LinkDevice } from "../link/link-device.tsx";
import { PasskeysSection } from "../vault/passkeys-section.tsx";
import { DeviceList } from "./device-list.tsx";
import { useOwnDevices } from "./use-own-devices.ts";

const themes: readonly (readonly [Theme, IconName])[] = [
  ["system", "system"],
  ["light", "sun"],
  ["dark", "moon"],
];

export function Settings() {
  const { account, client, router, toasts, reportError } = useApp();
  const devices = useOwnDevices();
  const [linking, setLinking] = useState(false);
  const [asking, setAsking] = useState<"device" | "everywhere">();
  const [leaving, setLeaving] = useState(false);
  const status = account.value;
  const username = status?.state === "signed_in" ? status.username : "";

  async function logOut(scope: "device" | "everywhere"): Promise<void> {
    setLeaving(true);
    try {
      await client.api.logout(scope);
    } catch (error) {
      reportError(errorCode(error));
      setLeaving(false);
      setAsking(undefined);
    }
  }

  async function copyName(): Promise<void> {
    try {
      await navigator.clipboard.writeText(username);
      toasts.show(text.list.nameCopied);
    } catch {
      toasts.show(text.recovery.copyFailed); // permission refused
    }
  }

  const deviceCount = Array.isArray(devices) ? devices.length : 2;
  return (
    <Dialog title={text.settings.title} kind="sheet" onClose={() => router.leave()}>
      <div class="dialog-scroll settings">
        <section class="profile-card" aria-label={text.settings.profile}>
          {status?.state === "signed_in" && <Avatar account={status.account} name={username} size="l" />}
          <button
            type="button"
            class="profile-name"
            title={text.list.copyName}
            onClick={() => void copyName()}
          >
            @{username}
            <Icon name="copy" />
          </button>
        </section>
        <ThemeChoice />
        <PresenceChoice />
        <Writing />
        <LockSection />
        <BackupSection />
        <StorageSection />
        <section>
          <h3 class="section-title">{text.settings.devices}</h3>
          <DeviceList devices={devices} />
          <button type="button" class="button button-quiet button-wide" onClick={() => setLinking(true)}>
            {linkText.linkAction}
          </button>
        </section>
        <PasswordSection />
        <PasskeysSection />
        <section class="settings-leave">
          <button type="button" class="button button-danger-quiet" onClick={() => setAsking("device")}>
            {text.settings.logOutDevice}
          </button>
          <button type="button" class="button button-danger-quiet" onClick={() => setAsking("everywhere")}>
            {text.settings.logOutEverywhere}
          </button>
        </section>
      </div>
      {linking && <LinkDevice onClose={() => setLinking(false)} />}
      {asking !== undefined && (
        <ConfirmDialog
          title={asking === "device" ? text.settings.logOutDeviceTitle : text.settings.logOutEverywhereTitle}
          body={
            asking === "device"
              ? text.settings.logOutDeviceBody
              : text.settings.logOutEverywhereBody(deviceCount)
          }
          action={text.settings.logOut}
          busy={leaving}
          onConfirm={() => void logOut(asking)}
          onClose={() => setAsking(undefined)}
        />
      )}
    </Dialog>
  );
}

function ThemeChoice() {
  const { theme, setTheme } = useApp().preferences;
  return (
    <fieldset class="segments">
      <legend class="section-title">{text.settings.theme}</legend>
      <div class="segments-row">
        {themes.map(([value, icon]) => (
          <label key={value} class="segment">
            <input
              type="radio"
              name="theme"
              value={value}
              checked={theme.value === value}
              onChange={() => setTheme(value)}
            />
            <span>
              <Icon name={icon} />
              {text.settings.themes[value]}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Writing() {
  const { enterSends, setEnterSends } = useApp().preferences;
  return (
    <section>
      <h3 class="section-title">{text.settings.typing}</h3>
      <label class="check-row switch-row">
        <span>
          {text.settings.enterSends}
          <small>{text.settings.enterSendsHint}</small>
        </span>
        <input
          type="checkbox"
          role="switch"
          checked={enterSends.value}
          aria-checked={enterSends.value}
          onChange={(event) => setEnterSends(event.currentTarget.checked)}
        />
      </label>
    </section>
  );
}
