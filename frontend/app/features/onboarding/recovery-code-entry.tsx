import type { PasskeyQuestion, VaultSecret } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { resetText } from "../../i18n/en-reset.ts";
import { UnlockFields } from "../vault/unlock-fields.tsx";
import { OnboardingFrame } from "./frame.tsx";
import { checkRecoveryCode } from "./recovery-code.ts";

interface EntryProps {
  username: string;
  typed: string;
  onTyped: (value: string) => void;
  passkeys: readonly PasskeyQuestion[];
  failure: string | undefined;
  onFailure: (failure: string | undefined) => void;
  onBack: () => void;
  onLost: () => void;
  onSubmit: (secret: VaultSecret) => void;
}

export function RecoveryCodeEntryForm(props: EntryProps) {
  const { username, typed, onTyped, passkeys, failure, onFailure, onBack, onLost, onSubmit } = props;
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
          if (entry.state === "complete") onSubmit({ recoveryCode: entry.code });
        }}
      >
        <UnlockFields
          typed={typed}
          onTyped={onTyped}
          passkeys={passkeys}
          onSecret={onSubmit}
          failure={failure}
          onFailure={onFailure}
        />
        <button type="submit" class="button button-primary button-wide" disabled={entry.state !== "complete"}>
          {text.recovery.enterSubmit}
        </button>
      </form>
      <p class="onboarding-other">
        <button type="button" class="text-link" onClick={onLost}>
          {resetText.lost}
        </button>
      </p>
    </OnboardingFrame>
  );
}
