import "./backup.css";
import { text } from "../../i18n/en.ts";
import { restoredPercent, useBackupStatus } from "./backup-status.ts";

/** On a device that joined: earlier messages are on their way, and everything can be used meanwhile. */
export function RestoreLine() {
  const percent = restoredPercent(useBackupStatus());
  return percent === undefined ? null : <RestoreProgress percent={percent} />;
}

export function RestoreProgress({ percent }: { percent: number }) {
  return (
    <div class="restore">
      <span>{text.list.restoring(percent)}</span>
      <progress class="restore-bar" max={100} value={percent} aria-label={text.list.restoring(percent)} />
    </div>
  );
}
