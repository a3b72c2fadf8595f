import { useState } from "preact/hooks";
import { ClientError } from "#core/client-api.ts";
import { passwordText } from "../../i18n/en-password.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { PasswordField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { useSecondsUntil } from "../lock/use-seconds-until.ts";
import { Notice } from "../onboarding/frame.tsx";
import { passwordStrength } from "../onboarding/password-strength.ts";
import { StrengthHint } from "../onboarding/strength-hint.tsx";
import { type Proof, ProofFields } from "./proof-fields.tsx";

export function PasswordDialog({ onClose }: { onClose: () => void }) {
  const { account, client, toasts } = useApp();
  const [proof, setProof] = useState<Proof>();
  const [isForgotten, setForgotten] = useState(false);
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const [signOutOthers, setSignOutOthers] = useState(false);
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [seconds, waitFor] = useSecondsUntil(0);
  const status = account.value;
  const username = status?.state === "signed_in" ? status.username : "";
  const isSame = next !== "" && next === proof;
  const differs = again !== "" && !next.startsWith(again);
  const isChosen =
    passwordStrength(next, username) !== "too_short" && !isSame && (isForgotten || again === next);
  // Wrong passwords make the next password wait, and nothing else.
  const isWaiting = seconds > 0 && !isForgotten;
  const isReady = proof !== undefined && isChosen && !busy && !isWaiting;

  async function run(current: NonNullable<Proof>): Promise<void> {
    setBusy(true);
    setFailure(undefined);
    try {
      const { signedOut } = await client.api.changePassword({ current, next, signOutOthers });
      toasts.show(passwordText.done(signedOut));
      onClose();
    } catch (error) {
      setBusy(false);
      const code = errorCode(error);
      const { wrong, changedElsewhere } = passwordText;
      const refused = isForgotten ? changedElsewhere : wrong;
      setFailure(code === "wrong_credentials" ? refused : text.errors[code]);
      if (code === "rate_limited" && error instanceof ClientError) waitFor(error.retryAfterMs ?? 0);
    }
  }

  return (
    <FormDialog
      title={passwordText.dialogTitle}
      lead={isForgotten ? passwordText.forgottenLead : passwordText.dialogLead}
      action={busy ? passwordText.working : passwordText.save}
      isReady={isReady}
      onSubmit={() => proof !== undefined && void run(proof)}
      onClose={onClose}
    >
      {(failure !== undefined || isWaiting) && (
        <Notice>{isWaiting ? passwordText.wrongWait(seconds) : failure}</Notice>
      )}
      {/* For whoever keeps the person's passwords. */}
      <input type="text" name="username" autocomplete="username" value={username} hidden readOnly />
      <ProofFields
        isForgotten={isForgotten}
        onForgotten={(forgotten) => {
          setForgotten(forgotten);
          setProof(undefined);
          setFailure(undefined);
        }}
        onProof={setProof}
        onFailure={setFailure}
      />
      <PasswordField
        label={passwordText.next}
        value={next}
        onValue={setNext}
        wrong={isSame}
        hint={isSame ? passwordText.isSame : <StrengthHint password={next} username={username} />}
        autocomplete="new-password"
      />
      {!isForgotten && (
        <PasswordField
          label={passwordText.again}
          value={again}
          onValue={setAgain}
          wrong={differs}
          {...(differs && { hint: passwordText.differs })}
          autocomplete="new-password"
        />
      )}
      <label class="check-row">
        <input
          type="checkbox"
          checked={signOutOthers}
          onChange={(event) => setSignOutOthers(event.currentTarget.checked)}
        />
        <span>
          {passwordText.signOutOthers}
          <small>{passwordText.signOutOthersHint}</small>
        </span>
      </label>
    </FormDialog>
  );
}
