import "../connection/banner.css";
import "./reset.css";
import { useState } from "preact/hooks";
import type { PendingResetView } from "#core/client-api.ts";
import { resetText } from "../../i18n/en-reset.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icons.tsx";

/** Asks once each start, then stays as a line above the chats until the reset is stopped or over. */
export function ResetAlarm({ reset }: { reset: PendingResetView }) {
  const { client, reportError, toasts } = useApp();
  const [seenAtMs, setSeenAtMs] = useState<number>();
  const [busy, setBusy] = useState(false);
  const { alarm } = resetText;
  const { requestedAtMs, effectiveAtMs } = reset;
  const seen = (): void => setSeenAtMs(requestedAtMs);

  async function stop(): Promise<void> {
    setBusy(true);
    try {
      await client.api.stopReset();
      toasts.show(alarm.stopped);
    } catch (error) {
      reportError(errorCode(error));
    }
    setBusy(false);
  }

  return (
    <>
      <div class="banner reset-banner" role="alert">
        <Icon name="warning" />
        <span class="banner-text">{alarm.banner(effectiveAtMs)}</span>
        <button type="button" class="banner-action" disabled={busy} onClick={() => void stop()}>
          {alarm.bannerStop}
        </button>
      </div>
      {seenAtMs !== requestedAtMs && (
        <Dialog title={alarm.title} kind="alert" onClose={seen}>
          <p class="dialog-text">{alarm.body(requestedAtMs, effectiveAtMs)}</p>
          <p class="dialog-text">{alarm.needless}</p>
          <div class="reset-actions">
            <button
              type="button"
              class="button button-danger button-wide"
              disabled={busy}
              onClick={() => void stop()}
            >
              {alarm.stop}
            </button>
            <button type="button" class="button button-quiet button-wide" onClick={seen}>
              {alarm.mine}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
