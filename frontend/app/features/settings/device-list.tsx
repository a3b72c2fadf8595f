import { useState } from "preact/hooks";
import type { DeviceView } from "#core/client-api.ts";
import { linkText } from "../../i18n/en-link.ts";
import { text } from "../../i18n/en.ts";
import { calendarDaysBetween, formatListTime } from "../../i18n/format.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/field.tsx";
import { Icon } from "../../ui/icons.tsx";
import { UnlockDialog } from "../vault/unlock-dialog.tsx";

const yesterday = { yesterday: text.chat.yesterday.toLowerCase() };

function activity({ lastActiveDayMs, addedAtMs }: DeviceView, nowMs: number): string {
  const active =
    lastActiveDayMs === undefined
      ? linkText.signedOut
      : calendarDaysBetween(lastActiveDayMs, nowMs) <= 0
        ? text.settings.activeToday
        : text.settings.active(formatListTime(lastActiveDayMs, nowMs, yesterday));
  const isNew = calendarDaysBetween(addedAtMs, nowMs) <= 0;
  const added = isNew ? linkText.addedToday : linkText.addedOn(formatListTime(addedAtMs, nowMs, yesterday));
  return `${active}, ${added}`;
}

export function DeviceList({ devices }: { devices: readonly DeviceView[] | "loading" | "failed" }) {
  const { nowMs } = useApp();
  const [editing, setEditing] = useState<{ device: DeviceView; what: "name" | "remove" }>();
  if (devices === "failed") return <p class="setting-note">{text.settings.devicesFailed}</p>;
  if (devices === "loading") {
    return (
      <div class="session" aria-busy="true" aria-label={text.common.loading}>
        <span class="skeleton skeleton-name" />
      </div>
    );
  }
  const close = (): void => setEditing(undefined);
  return (
    <>
      <ul>
        {devices.map((device) => (
          <li class="session" key={device.deviceId}>
            <span class="session-icon">
              <Icon name="device" />
            </span>
            <span>
              <button
                type="button"
                class="session-name"
                aria-label={linkText.rename(device.deviceName)}
                onClick={() => setEditing({ device, what: "name" })}
              >
                {device.deviceName}
              </button>
              <small>{activity(device, nowMs.value)}</small>
            </span>
            {device.current ? (
              <span class="session-current">{text.settings.thisDevice}</span>
            ) : (
              <button
                type="button"
                class="icon-button"
                aria-label={linkText.remove(device.deviceName)}
                title={linkText.remove(device.deviceName)}
                onClick={() => setEditing({ device, what: "remove" })}
              >
                <Icon name="logOut" />
              </button>
            )}
          </li>
        ))}
      </ul>
      {editing?.what === "name" && <NameDialog device={editing.device} onClose={close} />}
      {editing?.what === "remove" && <RemoveDialog device={editing.device} onClose={close} />}
    </>
  );
}

function NameDialog({ device, onClose }: { device: DeviceView; onClose: () => void }) {
  const { client, reportError } = useApp();
  const [name, setName] = useState(device.deviceName);
  const isGood = /^\P{C}{1,60}$/u.test(name.trim());

  async function save(): Promise<void> {
    try {
      await client.api.renameDevice(device.deviceId, name.trim());
      onClose();
    } catch (error) {
      reportError(errorCode(error));
    }
  }

  return (
    <Dialog title={linkText.rename(device.deviceName)} kind="alert" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isGood) void save();
        }}
      >
        <div class="dialog-text">
          <TextField label={linkText.nameLabel} value={name} autofocus onValue={setName} />
        </div>
        <div class="dialog-actions">
          <button type="button" class="button button-quiet" onClick={onClose}>
            {text.common.cancel}
          </button>
          <button type="submit" class="button button-primary" disabled={!isGood}>
            {linkText.save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function RemoveDialog({ device, onClose }: { device: DeviceView; onClose: () => void }) {
  const { client } = useApp();
  return (
    <UnlockDialog
      title={linkText.removeTitle(device.deviceName)}
      lead={linkText.removeBody}
      action={linkText.removeAction}
      isDanger
      run={(secret) => client.api.removeDevice({ deviceId: device.deviceId, ...secret })}
      onClose={onClose}
    />
  );
}
