import { useState } from "preact/hooks";
import type { VaultSecret } from "#core/client-api.ts";
import { vaultText } from "../../i18n/en-vault.ts";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { checkRecoveryCode } from "../onboarding/recovery-code.ts";
import { explainUnlock, UnlockFields } from "./unlock-fields.tsx";
import { usePasskeys } from "./use-passkeys.ts";

interface UnlockDialogProps {
  title: string;
  lead: string;
  action: string;
  isDanger?: boolean;
  /** Rejects when the secret is wrong or the thing could not be done; the dialog says so and stays. */
  run: (secret: VaultSecret) => Promise<void>;
  onClose: () => void;
}

/** Asks for what unlocks the account, then does what needs it. */
export function UnlockDialog({ title, lead, action, isDanger, run, onClose }: UnlockDialogProps) {
  const [passkeys] = usePasskeys();
  const [typed, setTyped] = useState("");
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const entry = checkRecoveryCode(typed);

  async function go(secret: VaultSecret): Promise<void> {
    setBusy(true);
    setFailure(undefined);
    try {
      await run(secret);
      onClose();
    } catch (error) {
      setFailure(explainUnlock(error));
      setBusy(false);
    }
  }

  return (
    <FormDialog
      title={title}
      lead={lead}
      action={busy ? vaultText.working : action}
      isDanger={isDanger === true}
      isReady={entry.state === "complete" && !busy}
      onSubmit={() => entry.state === "complete" && void go({ recoveryCode: entry.code })}
      onClose={onClose}
    >
      <UnlockFields
        typed={typed}
        onTyped={setTyped}
        passkeys={passkeys}
        onSecret={(secret) => void go(secret)}
        failure={failure}
        onFailure={setFailure}
      />
    </FormDialog>
  );
}
