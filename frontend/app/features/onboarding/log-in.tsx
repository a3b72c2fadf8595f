import { useState } from "preact/hooks";
import type { PasskeyQuestion, VaultSecret } from "#core/client-api.ts";
import { foldUsername } from "#schema/username.ts";
import { passwordText } from "../../i18n/en-password.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { PasswordField, TextField } from "../../ui/field.tsx";
import { lazily } from "../../ui/lazily.tsx";
import { deviceName } from "../settings/device-name.ts";
import { Notice, OnboardingFrame, WorkingScreen } from "./frame.tsx";
import { RecoveryCodeEntryForm } from "./recovery-code-entry.tsx";

type Step = "password" | "checking" | "forgotten" | "recovery_code" | "unlocking" | "reset";

const RecoverAccount = lazily(async () => (await import("../password/recover-account.tsx")).RecoverAccount);
const ResetAccount = lazily(async () => (await import("../reset/reset-account.tsx")).ResetAccount);

/** Password first, then the recovery code or passkey that unlocks the keys. */
export function LogIn({ knownUsername = "", onBack }: { knownUsername?: string; onBack?: () => void }) {
  const { client, router } = useApp();
  const [username, setUsername] = useState(knownUsername);
  const [password, setPassword] = useState("");
  const [typedCode, setTypedCode] = useState("");
  const [step, setStep] = useState<Step>("password");
  const [failure, setFailure] = useState<string>();
  const [passkeys, setPasskeys] = useState<readonly PasskeyQuestion[]>([]);
  const [wasAsked, setWasAsked] = useState(false);
  const folded = foldUsername(username);

  async function run(during: Step, task: () => Promise<Step | undefined>, onFailure: Step): Promise<void> {
    setStep(during);
    setFailure(undefined);
    try {
      const next = await task();
      if (next !== undefined) setStep(next);
    } catch (error) {
      setFailure(text.errors[errorCode(error)]);
      setStep(onFailure);
    }
  }

  async function checkPassword(): Promise<Step> {
    const answer = await client.api.login({ username: folded, password });
    setPassword("");
    setPasskeys(answer.passkeys ?? []);
    setWasAsked(answer.hasClaim === true);
    if (answer.hasClaim === true) return "reset";
    return answer.step === "recovery_code_needed" ? "recovery_code" : "password";
  }

  async function unlock(secret: VaultSecret): Promise<undefined> {
    await client.api.completeLogin({ ...secret, deviceName: deviceName(navigator.userAgent) });
  }

  if (step === "checking")
    return <WorkingScreen title={text.deriving.login} body={text.deriving.loginBody} />;
  if (step === "unlocking")
    return <WorkingScreen title={text.deriving.unlock} body={text.deriving.unlockBody} />;
  if (step === "reset") {
    const back = (): void => setStep("recovery_code");
    return <ResetAccount username={folded} wasAsked={wasAsked} onBack={back} />;
  }
  if (step === "forgotten") {
    // What an ended session left here has to make room first, which logging in does.
    const onLink = knownUsername === "" ? () => router.go({ name: "link" }, { replace: true }) : undefined;
    const back = (): void => setStep("password");
    return <RecoverAccount knownUsername={folded} onBack={back} onLink={onLink} />;
  }
  if (step === "recovery_code") {
    return (
      <RecoveryCodeEntryForm
        username={folded}
        typed={typedCode}
        onTyped={setTypedCode}
        passkeys={passkeys}
        failure={failure}
        onFailure={setFailure}
        onBack={() => setStep("password")}
        onLost={() => setStep("reset")}
        onSubmit={(secret) => void run("unlocking", () => unlock(secret), "recovery_code")}
      />
    );
  }
  const ready = folded !== "" && password !== "";
  return (
    <OnboardingFrame
      title={text.logIn.title}
      lead={text.logIn.lead}
      onBack={onBack ?? (() => router.go({ name: "welcome" }, { replace: true }))}
    >
      <form
        class="onboarding-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void run("checking", checkPassword, "password");
        }}
      >
        {failure !== undefined && <Notice>{failure}</Notice>}
        <TextField
          label={text.logIn.username}
          name="username"
          autocomplete="username"
          prefix="@"
          value={username}
          autofocus
          onValue={(value) => setUsername(value.replace(/^@/, ""))}
        />
        <PasswordField
          label={text.logIn.password}
          name="password"
          autocomplete="current-password"
          value={password}
          onValue={setPassword}
        />
        <button type="button" class="text-link log-in-forgot" onClick={() => setStep("forgotten")}>
          {passwordText.recover.link}
        </button>
        <button type="submit" class="button button-primary button-wide" disabled={!ready}>
          {text.logIn.submit}
        </button>
      </form>
      <p class="onboarding-other">
        {text.logIn.other}{" "}
        <button
          type="button"
          class="text-link"
          onClick={() => router.go({ name: "signup" }, { replace: true })}
        >
          {text.logIn.otherLink}
        </button>
      </p>
    </OnboardingFrame>
  );
}
