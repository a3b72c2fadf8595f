import { useState } from "preact/hooks";
import type { AccountStatus } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { OnboardingFrame } from "./frame.tsx";
import { LogIn } from "./log-in.tsx";

export function SessionEnded({ status }: { status: Extract<AccountStatus, { state: "ended" }> }) {
  const { client, reportError } = useApp();
  const [loggingIn, setLoggingIn] = useState(false);
  const [asking, setAsking] = useState(false);

  async function forget(): Promise<void> {
    setAsking(false);
    try {
      await client.api.forget();
    } catch (error) {
      reportError(errorCode(error));
    }
  }

  if (loggingIn) return <LogIn knownUsername={status.username} onBack={() => setLoggingIn(false)} />;
  return (
    <OnboardingFrame title={text.ended.title} lead={text.ended[status.reason](status.username)}>
      <div class="onboarding-form">
        <button type="button" class="button button-primary button-wide" onClick={() => setLoggingIn(true)}>
          {text.ended.logIn}
        </button>
        <button type="button" class="button button-danger-quiet button-wide" onClick={() => setAsking(true)}>
          {text.ended.forget}
        </button>
      </div>
      {asking && (
        <ConfirmDialog
          title={text.ended.forgetTitle}
          body={text.ended.forgetBody}
          action={text.ended.forgetConfirm}
          onConfirm={() => void forget()}
          onClose={() => setAsking(false)}
        />
      )}
    </OnboardingFrame>
  );
}
