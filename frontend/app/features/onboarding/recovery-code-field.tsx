import { useId } from "preact/hooks";
import { text } from "../../i18n/en.ts";
import {
  checkRecoveryCode,
  formatRecoveryCode,
  normalizeRecoveryCode,
  recoveryCodeChars,
} from "./recovery-code.ts";

export function RecoveryCodeField({ typed, onTyped }: { typed: string; onTyped: (value: string) => void }) {
  const id = useId();
  const entry = checkRecoveryCode(typed);
  const wrong = entry.state === "wrong_character" || entry.state === "too_long";
  return (
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
