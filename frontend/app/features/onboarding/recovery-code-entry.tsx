import { useId } from "preact/hooks";
import type { ClientErrorCode } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { Notice, OnboardingFrame } from "./frame.tsx";
import {
  checkRecoveryCode,
  formatRecoveryCode,
  normalizeRecoveryCode,
  recoveryCodeChars,
} from "./recovery-code.ts";

interface EntryProps {
  username: string;
  typed: string;
  onTyped: (value: string) => void;
  failure: ClientErrorCode | undefined;
  onBack: () => void;
  onSubmit: (code: string) => void;
}

export function RecoveryCodeEntryForm({ username, typed, onTyped, failure, onBack, onSubmit }: EntryProps) {
  const id = useId();
  const entry = checkRecoveryCode(typed);
  const wrong = entry.state === "wrong_character" || entry.state === "too_long";
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
        <div class={wrong ? "field field-wrong" : "field"}>
          <label class="field-label" for={id}>
            {text.recovery.enterLabel}
          </label>
          <div class="field-box">
            <textarea
              id={id}
              class="code-input"
              rows={3}
              value={typed}
              placeholder="ABCDE-12345-…"
              autocapitalize="characters"
              autocomplete="off"
              spellcheck={false}
              data-autofocus=""
              aria-invalid={wrong}
              aria-describedby={`${id}-hint`}
              onInput={(event) => onTyped(event.currentTarget.value)}
              onBlur={() => {
                if (!wrong && typed !== "") onTyped(formatRecoveryCode(normalizeRecoveryCode(typed)));
              }}
              onKeyDown={(event) => {
                if (event.key !== "Enter") return;
                event.preventDefault();
                event.currentTarget.form?.requestSubmit();
              }}
            />
          </div>
          <div class="field-hint" id={`${id}-hint`} aria-live="polite">
            {hintFor(entry)}
          </div>
        </div>
        <button type="submit" class="button button-primary button-wide" disabled={entry.state !== "complete"}>
          {text.recovery.enterSubmit}
        </button>
      </form>
    </OnboardingFrame>
  );
}

function hintFor(entry: ReturnType<typeof checkRecoveryCode>): string {
  switch (entry.state) {
    case "wrong_character":
      return text.recovery.wrongCharacter(entry.character);
    case "complete":
      return text.recovery.complete;
    case "too_long":
      return text.recovery.progress(entry.entered, recoveryCodeChars);
    case "incomplete":
      return entry.entered === 0
        ? text.recovery.enterHint
        : text.recovery.progress(entry.entered, recoveryCodeChars);
  }
}
