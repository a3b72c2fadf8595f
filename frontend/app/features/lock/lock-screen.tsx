import "./lock.css";
import { useState } from "preact/hooks";
import { type AccountStatus, ClientError, type LockSecret } from "#core/client-api.ts";
import { lockText } from "../../i18n/en-lock.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { PasswordField } from "../../ui/field.tsx";
import { Icon } from "../../ui/icons.tsx";
import { PasskeyError, askPasskey } from "../../ui/passkeys.ts";
import { OnboardingFrame } from "../onboarding/frame.tsx";
import { useSecondsUntil } from "./use-seconds-until.ts";

type Locked = Extract<AccountStatus, { state: "locked" }>;

export function LockScreen({ status }: { status: Locked }) {
  const { client, router } = useApp();
  const { question } = status;
  const [passphrase, setPassphrase] = useState("");
  const [said, setSaid] = useState<"wrong" | "refused" | { failed: string }>();
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const [seconds, waitFor] = useSecondsUntil(status.nextTryAtMs);
  const isReady = seconds === 0 && !busy && (question.type === "passkey" || passphrase !== "");

  async function secret(): Promise<LockSecret> {
    if (question.type === "passphrase") return { type: "passphrase", passphrase };
    return { type: "passkey", ...(await askPasskey([question])) };
  }

  async function unlock(): Promise<void> {
    setBusy(true);
    setSaid(undefined);
    try {
      await client.api.unlock(await secret());
      return;
    } catch (error) {
      if (error instanceof PasskeyError) setSaid("refused");
      else if (error instanceof ClientError && error.code === "wrong_passphrase") setSaid("wrong");
      else if (errorCode(error) !== "rate_limited") setSaid({ failed: text.errors[errorCode(error)] });
      if (error instanceof ClientError) waitFor(error.retryAfterMs ?? 0);
    }
    setPassphrase("");
    setBusy(false);
  }

  async function startOver(): Promise<void> {
    setAsking(false);
    try {
      await client.api.forget();
      router.go({ name: "login" }, { replace: true });
    } catch (error) {
      setSaid({ failed: text.errors[errorCode(error)] });
    }
  }

  return (
    <OnboardingFrame title={lockText.screenTitle} lead={lockText.screenLead[question.type]}>
      <form
        class="onboarding-form lock-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) void unlock();
        }}
      >
        {question.type === "passphrase" && (
          <PasswordField
            label={lockText.passphrase}
            value={passphrase}
            onValue={setPassphrase}
            autocomplete="off"
            wrong={said === "wrong"}
            autofocus
          />
        )}
        <button
          type="submit"
          class="button button-primary button-wide"
          disabled={!isReady}
          data-autofocus={question.type === "passkey" ? "" : undefined}
        >
          <Icon name={question.type === "passkey" ? "key" : "lock"} />
          {busy
            ? lockText.unlocking
            : question.type === "passkey"
              ? lockText.unlockWithPasskey
              : lockText.unlock}
        </button>
        <output class="lock-said">{sentence(said, seconds)}</output>
      </form>
      <p class="onboarding-other">
        <button type="button" class="text-link" onClick={() => setAsking(true)}>
          {lockText.forgot}
        </button>
      </p>
      {asking && (
        <ConfirmDialog
          title={lockText.forgotTitle}
          body={lockText.forgotBody}
          action={lockText.forgotConfirm}
          onConfirm={() => void startOver()}
          onClose={() => setAsking(false)}
        />
      )}
    </OnboardingFrame>
  );
}

function sentence(
  said: "wrong" | "refused" | { readonly failed: string } | undefined,
  seconds: number,
): string {
  if (said === "refused") return lockText.passkeyRefused;
  if (said === "wrong") return seconds > 0 ? lockText.wrongWait(seconds) : lockText.wrong;
  if (said !== undefined) return said.failed;
  return seconds > 0 ? lockText.wait(seconds) : "";
}
