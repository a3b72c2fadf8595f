import "../connection/banner.css";
import "./reset.css";
import { useState } from "preact/hooks";
import { resetText } from "../../i18n/en-reset.ts";
import { useApp } from "../../state/context.ts";
import { Icon } from "../../ui/icons.tsx";

const shownMs = 86_400_000;

/** For a day after a copy of this browser's data was found to be in use, unless the person says that they know. */
export function CopiedAlarm({ atMs }: { atMs: number }) {
  const { nowMs, router } = useApp();
  const [knownAtMs, setKnownAtMs] = useState<number>();
  const { copied } = resetText;
  if (knownAtMs === atMs || nowMs.value - atMs > shownMs) return null;
  return (
    <div class="banner reset-banner copied-banner" role="alert">
      <Icon name="warning" />
      <span class="banner-text">
        <strong>{copied.title}</strong>
        {copied.body}
      </span>
      <button type="button" class="banner-action" onClick={() => router.go({ name: "settings" })}>
        {copied.review}
      </button>
      <button type="button" class="banner-action" onClick={() => setKnownAtMs(atMs)}>
        {copied.dismiss}
      </button>
    </div>
  );
}
