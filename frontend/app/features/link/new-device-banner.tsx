import { useEffect, useState } from "preact/hooks";
import type { DeviceId } from "#schema/ids.ts";
import { linkText } from "../../i18n/en-link.ts";
import { useApp } from "../../state/context.ts";
import { Icon } from "../../ui/icons.tsx";

/** For a day after a device was added, unless the person says that they know. */
export function NewDeviceBanner() {
  const { account, client, nowMs, preferences, router } = useApp();
  const [recent, setRecent] = useState<readonly DeviceId[]>([]);
  const minute = nowMs.value;
  useEffect(() => {
    const read = (): void => {
      client.api.recentDevices().then(setRecent, () => undefined); // nothing to tell
    };
    read();
    return client.subscribe((event) => {
      if (event.type === "devices") read();
    });
  }, [client, minute]);
  const status = account.value;
  if (recent.length === 0 || status?.state !== "signed_in") return null;
  const newest = `${status.account}/${Math.max(...recent)}`;
  if (newest === preferences.knownDevice.value) return null;
  return (
    <output class="banner banner-device">
      <Icon name="device" />
      <span class="banner-text">{linkText.added}</span>
      <button type="button" class="banner-action" onClick={() => router.go({ name: "settings" })}>
        {linkText.review}
      </button>
      <button type="button" class="banner-action" onClick={() => preferences.setKnownDevice(newest)}>
        {linkText.dismiss}
      </button>
    </output>
  );
}
