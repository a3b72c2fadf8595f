import { useState } from "preact/hooks";
import type { ClientErrorCode } from "#core/client-api.ts";
import { backupText } from "../../i18n/en-backup.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { PasswordField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
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
    <FormDialog
      title={backupText.importTitle}
      lead={backupText.importLead}
      action={working ? backupText.importWorking : backupText.importSubmit}
      isReady={isReady}
      onSubmit={() => file !== undefined && void run(file)}
      onClose={onClose}
    >
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
    </FormDialog>
  );
}
