import "../connection/banner.css";
import "../reset/reset.css";
import { useEffect, useState } from "preact/hooks";
import type { PasswordChangeView } from "#core/client-api.ts";
import { passwordText } from "../../i18n/en-password.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { Icon } from "../../ui/icons.tsx";

/** Until the person says that they know. */
export function PasswordAlarm({ change: { changedAtMs, device } }: { change: PasswordChangeView }) {
  const { account, client, reportError, router } = useApp();
  const [deviceName, setDeviceName] = useState<string>();
  const { alarm } = passwordText;
  const status = account.value;
  const isHere = status?.state === "signed_in" && status.deviceId === device;
  useEffect(() => {
    client.api.listDevices().then(
      (devices) => setDeviceName(devices.find(({ deviceId }) => deviceId === device)?.deviceName),
      () => undefined, // it is told without the name
    );
  }, [client, device]);
  const known = (): void => {
    client.api.acknowledgePassword().catch((error: unknown) => reportError(errorCode(error)));
  };
  return (
    <div class="banner reset-banner copied-banner" role="alert">
      <Icon name="warning" />
      <span class="banner-text">
        <strong>{alarm.title}</strong>
        {isHere ? alarm.bodyHere(changedAtMs) : alarm.body(changedAtMs, deviceName)}
      </span>
      <button type="button" class="banner-action" onClick={() => router.go({ name: "settings" })}>
        {alarm.review}
      </button>
      <button type="button" class="banner-action" onClick={known}>
        {alarm.dismiss}
      </button>
    </div>
  );
}
