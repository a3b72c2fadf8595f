import type { ClientErrorCode } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { Notice, OnboardingFrame } from "./frame.tsx";
import { RecoveryCodeField } from "./recovery-code-field.tsx";
import { checkRecoveryCode } from "./recovery-code.ts";

interface EntryProps {
  username: string;
  typed: string;
  onTyped: (value: string) => void;
  failure: ClientErrorCode | undefined;
  onBack: () => void;
  onSubmit: (code: string) => void;
}

export function RecoveryCodeEntryForm({ username, typed, onTyped, failure, onBack, onSubmit }: EntryProps) {
  const entry = checkRecoveryCode(typed);
  return (
    <OnboardingFrame
      title={text.recovery.enterTitle}
      lead={text.recovery.enterLead(username)}
      onBack={onBack}
    >
      <form
        class="onboarding-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (entry.state === "complete") onSubmit(entry.code);
        }}
      >
        {failure !== undefined && <Notice>{text.errors[failure]}</Notice>}
        <RecoveryCodeField typed={typed} onTyped={onTyped} />
        <button type="submit" class="button button-primary button-wide" disabled={entry.state !== "complete"}>
          {text.recovery.enterSubmit}
        </button>
      </form>
    </OnboardingFrame>
  );
}
