import { useState } from "preact/hooks";
import type { ClientErrorCode } from "#core/client-api.ts";
import { foldUsername, usernameProblem } from "#schema/username.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { PasswordField, TextField } from "../../ui/field.tsx";
import { deviceName } from "../settings/device-name.ts";
import { Notice, OnboardingFrame, WorkingScreen } from "./frame.tsx";
import { passwordStrength } from "./password-strength.ts";
import { StrengthHint } from "./strength-hint.tsx";

/** What the username field says; a name still being typed is not yet wrong for being short. */
function usernameHint(folded: string, left: boolean): { readonly text: string; readonly wrong: boolean } {
  if (folded === "") return { text: text.signUp.usernameHint, wrong: false };
  const problem = usernameProblem(folded);
  if (problem === undefined) return { text: text.signUp.usernameGood(folded), wrong: false };
  if (problem === "too_short" && !left) return { text: text.signUp.usernameHint, wrong: false };
  return { text: text.signUp.usernameProblems[problem], wrong: true };
}

export function SignUp() {
  const { register, registering, router } = useApp();
  const [username, setUsername] = useState("");
  const [usernameLeft, setUsernameLeft] = useState(false);
  const [password, setPassword] = useState("");
  const [failure, setFailure] = useState<ClientErrorCode>();
  const folded = foldUsername(username);
  const hint = usernameHint(folded, usernameLeft);
  const taken = failure === "username_taken" || failure === "username_invalid";
  const ready = usernameProblem(folded) === undefined && passwordStrength(password, folded) !== "too_short";

  async function submit(): Promise<void> {
    setFailure(undefined);
    try {
      const input = { username: folded, password, deviceName: deviceName(navigator.userAgent) };
      await register((api) => api.register(input));
    } catch (error) {
      setFailure(errorCode(error));
    }
  }

  if (registering.value)
    return <WorkingScreen title={text.deriving.register} body={text.deriving.registerBody} />;
  return (
    <OnboardingFrame
      title={text.signUp.title}
      lead={text.signUp.lead}
      onBack={() => router.go({ name: "welcome" }, { replace: true })}
    >
      <form
        class="onboarding-form"
        onSubmit={(event) => {
          event.preventDefault();
          setUsernameLeft(true);
          if (ready) void submit();
        }}
      >
        {failure !== undefined && !taken && <Notice>{text.errors[failure]}</Notice>}
        <TextField
          label={text.signUp.username}
          name="username"
          autocomplete="username"
          prefix="@"
          value={username}
          autofocus
          wrong={taken || hint.wrong}
          hint={taken && failure !== undefined ? text.errors[failure] : hint.text}
          onValue={(value) => {
            setUsername(value.replace(/^@/, ""));
            setFailure(undefined);
          }}
          onBlur={() => setUsernameLeft(true)}
        />
        <PasswordField
          label={text.signUp.password}
          name="password"
          autocomplete="new-password"
          value={password}
          hint={<StrengthHint password={password} username={folded} />}
          onValue={setPassword}
        />
        <button type="submit" class="button button-primary button-wide" disabled={!ready}>
          {text.signUp.submit}
        </button>
      </form>
      <p class="onboarding-other">
        {text.signUp.other}{" "}
        <button
          type="button"
          class="text-link"
          onClick={() => router.go({ name: "login" }, { replace: true })}
        >
          {text.signUp.otherLink}
        </button>
      </p>
    </OnboardingFrame>
  );
}
