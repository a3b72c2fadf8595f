import { useState } from "preact/hooks";
import { ClientError } from "#core/client-api.ts";
import { foldUsername } from "#schema/username.ts";
import { passwordText } from "../../i18n/en-password.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { PasswordField, TextField } from "../../ui/field.tsx";
import { useSecondsUntil } from "../lock/use-seconds-until.ts";
import { Notice, OnboardingFrame, WorkingScreen } from "../onboarding/frame.tsx";
import { passwordStrength } from "../onboarding/password-strength.ts";
import { checkRecoveryCode } from "../onboarding/recovery-code.ts";
import { RecoveryCodeField } from "../onboarding/recovery-code-field.tsx";
import { StrengthHint } from "../onboarding/strength-hint.tsx";
import { deviceName } from "../settings/device-name.ts";

const words = passwordText.recover;

interface RecoverProps {
  knownUsername: string;
  onBack: () => void;
  /** Absent where this device cannot be linked. */
  onLink: (() => void) | undefined;
}

/** The way in for who has the recovery code and forgot the password: a new one is set with it. */
export function RecoverAccount({ knownUsername, onBack, onLink }: RecoverProps) {
  const { client, toasts } = useApp();
  const [username, setUsername] = useState(knownUsername);
  const [typedCode, setTypedCode] = useState("");
  const [password, setPassword] = useState("");
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [seconds, waitFor] = useSecondsUntil(0);
  const folded = foldUsername(username);
  const entry = checkRecoveryCode(typedCode);
  const isChosen = passwordStrength(password, folded) !== "too_short";
  const isReady = folded !== "" && entry.state === "complete" && isChosen && seconds === 0;

  async function run(recoveryCode: string): Promise<void> {
    setBusy(true);
    setFailure(undefined);
    try {
      const input = { username: folded, recoveryCode, password, deviceName: deviceName(navigator.userAgent) };
      const { isPasswordSet } = await client.api.recoverAccount(input);
      toasts.show(isPasswordSet ? words.done : words.notSet);
    } catch (error) {
      setBusy(false);
      const code = errorCode(error);
      setFailure(code === "wrong_credentials" ? words.wrong : text.errors[code]);
      if (code === "rate_limited" && error instanceof ClientError) waitFor(error.retryAfterMs ?? 0);
    }
  }

  if (busy) return <WorkingScreen title={words.working} body={words.workingBody} />;
  return (
    <OnboardingFrame title={words.title} lead={words.lead} onBack={onBack}>
      <form
        class="onboarding-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (entry.state === "complete" && isReady) void run(entry.code);
        }}
      >
        {failure !== undefined && <Notice>{seconds > 0 ? words.wrongWait(seconds) : failure}</Notice>}
        <TextField
          label={text.logIn.username}
          name="username"
          autocomplete="username"
          prefix="@"
          value={username}
          autofocus={knownUsername === ""}
          onValue={(value) => setUsername(value.replace(/^@/, ""))}
        />
        <RecoveryCodeField typed={typedCode} onTyped={setTypedCode} />
        <PasswordField
          label={passwordText.next}
          name="password"
          autocomplete="new-password"
          value={password}
          hint={<StrengthHint password={password} username={folded} />}
          onValue={setPassword}
        />
        <button type="submit" class="button button-primary button-wide" disabled={!isReady}>
          {words.submit}
        </button>
      </form>
      {onLink !== undefined && (
        <p class="onboarding-other">
          {words.other}{" "}
          <button type="button" class="text-link" onClick={onLink}>
            {words.otherLink}
          </button>
        </p>
      )}
    </OnboardingFrame>
  );
}
