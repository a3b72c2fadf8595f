import { useState } from "preact/hooks";
import { ClientError } from "#core/client-api.ts";
import { passwordText } from "../../i18n/en-password.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { PasswordField } from "../../ui/field.tsx";
import { useSecondsUntil } from "../lock/use-seconds-until.ts";
import { Notice } from "../onboarding/frame.tsx";
import { passwordStrength } from "../onboarding/password-strength.ts";
import { StrengthHint } from "../onboarding/strength-hint.tsx";

export function PasswordDialog({ onClose }: { onClose: () => void }) {
  const { account, client, toasts } = useApp();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const [signOutOthers, setSignOutOthers] = useState(false);
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [seconds, waitFor] = useSecondsUntil(0);
  const status = account.value;
  const username = status?.state === "signed_in" ? status.username : "";
  const isSame = next !== "" && next === current;
  const differs = again !== "" && !next.startsWith(again);
  const isChosen = passwordStrength(next, username) !== "too_short" && !isSame && again === next;
  const isReady = current !== "" && isChosen && !busy && seconds === 0;

  async function run(): Promise<void> {
    setBusy(true);
    setFailure(undefined);
    try {
      const { signedOut } = await client.api.changePassword({ current, next, signOutOthers });
      toasts.show(passwordText.done(signedOut));
      onClose();
    } catch (error) {
      setBusy(false);
      const code = errorCode(error);
      setFailure(code === "wrong_credentials" ? passwordText.wrong : text.errors[code]);
      if (code === "rate_limited" && error instanceof ClientError) waitFor(error.retryAfterMs ?? 0);
    }
  }

  return (
    <Dialog title={passwordText.dialogTitle} kind="alert" onClose={onClose}>
      <form
        class="backup-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) void run();
        }}
      >
        <p>{passwordText.dialogLead}</p>
        {failure !== undefined && <Notice>{seconds > 0 ? passwordText.wrongWait(seconds) : failure}</Notice>}
        {/* For whoever keeps the person's passwords. */}
        <input type="text" name="username" autocomplete="username" value={username} hidden readOnly />
        <PasswordField
          label={passwordText.current}
          value={current}
          onValue={setCurrent}
          autocomplete="current-password"
          autofocus
        />
        <PasswordField
          label={passwordText.next}
          value={next}
          onValue={setNext}
          wrong={isSame}
          hint={isSame ? passwordText.isSame : <StrengthHint password={next} username={username} />}
          autocomplete="new-password"
        />
        <PasswordField
          label={passwordText.again}
          value={again}
          onValue={setAgain}
          wrong={differs}
          {...(differs && { hint: passwordText.differs })}
          autocomplete="new-password"
        />
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
        <div class="backup-actions">
          <button type="button" class="button button-quiet" onClick={onClose}>
            {text.common.cancel}
          </button>
          <button type="submit" class="button button-primary" disabled={!isReady}>
            {busy ? passwordText.working : passwordText.save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
