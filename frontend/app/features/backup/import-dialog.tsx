import { useState } from "preact/hooks";
import type { ClientErrorCode } from "#core/client-api.ts";
import { backupText } from "../../i18n/en-backup.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { PasswordField } from "../../ui/field.tsx";
import { Icon } from "../../ui/icons.tsx";

export function ImportDialog({ onClose }: { onClose: () => void }) {
  const { client, toasts } = useApp();
  const [file, setFile] = useState<File>();
  const [passphrase, setPassphrase] = useState("");
  const [working, setWorking] = useState(false);
  const [failure, setFailure] = useState<ClientErrorCode>();
  const isReady = file !== undefined && passphrase !== "" && !working;

  async function run(chosen: File): Promise<void> {
    setWorking(true);
    setFailure(undefined);
    try {
      const archive = new Uint8Array(await chosen.arrayBuffer());
      const { added } = await client.api.importBackup({ archive, passphrase });
      toasts.show(backupText.imported(added));
      onClose();
    } catch (error) {
      setFailure(errorCode(error));
      setWorking(false);
    }
  }

  return (
    <Dialog title={backupText.importTitle} kind="alert" onClose={onClose}>
      <form
        class="backup-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) void run(file);
        }}
      >
        <p>{backupText.importLead}</p>
        <label class="backup-file">
          <Icon name="key" />
          <span class="ellipsis">{file?.name ?? backupText.choose}</span>
          <input
            type="file"
            aria-label={backupText.choose}
            data-autofocus=""
            onChange={(event) => {
              setFile(event.currentTarget.files?.[0]);
              setFailure(undefined);
            }}
          />
        </label>
        <PasswordField
          label={backupText.passphrase}
          value={passphrase}
          onValue={(value) => {
            setPassphrase(value);
            setFailure(undefined);
          }}
          hint={failure === undefined ? "" : text.errors[failure]}
          wrong={failure !== undefined}
          autocomplete="off"
        />
        <div class="backup-actions">
          <button type="button" class="button button-quiet" onClick={onClose}>
            {text.common.cancel}
          </button>
          <button type="submit" class="button button-primary" disabled={!isReady}>
            {working ? backupText.importWorking : backupText.importSubmit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
