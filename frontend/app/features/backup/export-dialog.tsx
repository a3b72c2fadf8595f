import { useState } from "preact/hooks";
import type { ClientErrorCode } from "#core/client-api.ts";
import { backupText } from "../../i18n/en-backup.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { downloadFile } from "../../ui/download-file.ts";
import { PasswordField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";

const passphraseMinChars = 10;

/** A file anyone may hold and only its passphrase opens. */
export function ExportDialog({ onClose }: { onClose: () => void }) {
  const { account, client, nowMs, toasts } = useApp();
  const [passphrase, setPassphrase] = useState("");
  const [working, setWorking] = useState(false);
  const [failure, setFailure] = useState<ClientErrorCode>();
  const isReady = passphrase.length >= passphraseMinChars && !working;
  const status = account.value;
  const username = status?.state === "signed_in" ? status.username : "";

  async function run(): Promise<void> {
    setWorking(true);
    setFailure(undefined);
    try {
      const file = await client.api.exportBackup({ passphrase });
      const day = new Date(nowMs.value).toISOString().slice(0, 10);
      downloadFile(backupText.fileName(username, day), Uint8Array.from(file), "application/octet-stream");
      toasts.show(backupText.exported);
      onClose();
    } catch (error) {
      setFailure(errorCode(error));
      setWorking(false);
    }
  }

  return (
    <FormDialog
      title={backupText.exportTitle}
      lead={backupText.exportLead}
      action={working ? backupText.exportWorking : backupText.exportSubmit}
      isReady={isReady}
      onSubmit={() => void run()}
      onClose={onClose}
    >
      <PasswordField
        label={backupText.passphrase}
        value={passphrase}
        onValue={setPassphrase}
        hint={failure === undefined ? backupText.passphraseHint : text.errors[failure]}
        wrong={failure !== undefined}
        autocomplete="new-password"
        autofocus
      />
    </FormDialog>
  );
}
