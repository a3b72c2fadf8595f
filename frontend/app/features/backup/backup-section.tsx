import "./backup.css";
import { useState } from "preact/hooks";
import type { BackupStatus } from "#core/client-api.ts";
import { backupText } from "../../i18n/en-backup.ts";
import { text } from "../../i18n/en.ts";
import { formatLastSeen } from "../../i18n/format.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { Icon } from "../../ui/icons.tsx";
import { restoredPercent, useBackupStatus } from "./backup-status.ts";
import { ExportDialog } from "./export-dialog.tsx";
import { ImportDialog } from "./import-dialog.tsx";
import { RestoreProgress } from "./restore-line.tsx";

/** What the backup holds, and the same as a file. */
export function BackupSection() {
  const status = useBackupStatus();
  const [open, setOpen] = useState<"export" | "import">();
  const percent = restoredPercent(status);
  const close = (): void => setOpen(undefined);
  return (
    <section>
      <h3 class="section-title">{backupText.title}</h3>
      <BackupState status={status} />
      {percent !== undefined && <RestoreProgress percent={percent} />}
      <small class="backup-lead">{backupText.lead}</small>
      <div class="backup-files">
        <button type="button" class="button button-quiet" onClick={() => setOpen("export")}>
          <Icon name="download" />
          {backupText.exportAction}
        </button>
        <button type="button" class="button button-quiet" onClick={() => setOpen("import")}>
          <Icon name="key" />
          {backupText.importAction}
        </button>
      </div>
      {open === "export" && <ExportDialog onClose={close} />}
      {open === "import" && <ImportDialog onClose={close} />}
    </section>
  );
}

function BackupState({ status }: { status: BackupStatus | undefined }) {
  const { client, nowMs, reportError } = useApp();
  const [saving, setSaving] = useState(false);
  if (status === undefined) {
    return (
      <div class="session" aria-busy="true" aria-label={text.common.loading}>
        <span class="skeleton skeleton-name" />
      </div>
    );
  }
  async function save(): Promise<void> {
    setSaving(true);
    try {
      await client.api.saveBackup();
    } catch (error) {
      reportError(errorCode(error));
    }
    setSaving(false);
  }
  const { title, detail, isTrouble } = describe(status, nowMs.value);
  const hasNews = status.state !== "off" && status.waitingMessages > 0;
  return (
    <>
      <div class="session backup-state">
        <span class={isTrouble ? "session-icon backup-trouble" : "session-icon"}>
          <Icon name={isTrouble ? "warning" : "cloud"} />
        </span>
        <span>
          {title}
          <small>{detail}</small>
        </span>
        {hasNews && (
          <button type="button" class="button button-plain" disabled={saving} onClick={() => void save()}>
            {saving ? backupText.saving : backupText.save}
          </button>
        )}
      </div>
      {status.state !== "off" && status.refused && <p class="setting-note">{backupText.refused}</p>}
    </>
  );
}

interface Description {
  readonly title: string;
  readonly detail: string;
  readonly isTrouble: boolean;
}

function describe(status: BackupStatus, nowMs: number): Description {
  if (status.state === "off") return { title: backupText.off, detail: backupText.offBody, isTrouble: true };
  if (status.state === "full")
    return { title: backupText.full, detail: backupText.fullBody, isTrouble: true };
  const { savedAtMs, savedMessages, waitingMessages } = status;
  if (savedMessages === 0) {
    return { title: backupText.nothing, detail: backupText.nothingBody, isTrouble: false };
  }
  const savedAt =
    savedAtMs === undefined ? backupText.fromBefore : formatLastSeen(savedAtMs, nowMs, backupText.savedAt);
  const detail = waitingMessages === 0 ? savedAt : `${savedAt} · ${backupText.waiting(waitingMessages)}`;
  return { title: backupText.saved(savedMessages), detail, isTrouble: false };
}
