import "./settings.css";
import { useEffect, useState } from "preact/hooks";
import type { SessionView } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import type { Theme } from "../../state/preferences.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { ConfirmDialog, Dialog } from "../../ui/dialog.tsx";
import { Icon, type IconName } from "../../ui/icons.tsx";
import { BackupSection } from "../backup/backup-section.tsx";
import { PresenceChoice } from "./presence-choice.tsx";
import { SessionList } from "./session-list.tsx";

const themes: readonly (readonly [Theme, IconName])[] = [
  ["system", "system"],
  ["light", "sun"],
  ["dark", "moon"],
];

export function Settings() {
  const { account, client, router, toasts, reportError } = useApp();
  const [sessions, setSessions] = useState<readonly SessionView[] | "loading" | "failed">("loading");
  const [asking, setAsking] = useState<"device" | "everywhere">();
  const [leaving, setLeaving] = useState(false);
  const status = account.value;
  const username = status?.state === "signed_in" ? status.username : "";

  useEffect(() => {
    client.api.listSessions().then(setSessions, () => setSessions("failed"));
  }, [client]);

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

  const deviceCount = Array.isArray(sessions) ? sessions.length : 2;
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
        <BackupSection />
        <section>
          <h3 class="section-title">{text.settings.devices}</h3>
          <SessionList sessions={sessions} />
        </section>
        <section class="settings-leave">
          <button type="button" class="button button-danger-quiet" onClick={() => setAsking("device")}>
            {text.settings.logOutDevice}
          </button>
          <button type="button" class="button button-danger-quiet" onClick={() => setAsking("everywhere")}>
            {text.settings.logOutEverywhere}
          </button>
        </section>
      </div>
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
      <label class="check-row setting-switch">
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
