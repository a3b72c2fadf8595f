import "../connection/banner.css";
import "./reset.css";
import { useState } from "preact/hooks";
import { resetText } from "../../i18n/en-reset.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { Icon } from "../../ui/icons.tsx";

/** A copy of this browser's data has taken its place, until the person takes it back. */
export function ReplacedAlarm() {
  const { client, reportError, router } = useApp();
  const [busy, setBusy] = useState(false);
  const { replaced } = resetText;

  async function goOn(): Promise<void> {
    setBusy(true);
    await client.api.continueHere().catch((error: unknown) => reportError(errorCode(error)));
    setBusy(false);
  }

  return (
    <div class="banner reset-banner copied-banner" role="alert">
      <Icon name="warning" />
      <span class="banner-text">
        <strong>{replaced.title}</strong>
        {replaced.body}
      </span>
      <button type="button" class="banner-action" disabled={busy} onClick={() => void goOn()}>
        {replaced.goOn}
      </button>
      <button type="button" class="banner-action" onClick={() => router.go({ name: "settings" })}>
        {replaced.review}
      </button>
    </div>
  );
}
