import "../settings/settings.css";
import { useId } from "preact/hooks";
import type { HistoryChoice } from "#core/client-api.ts";
import { historyText } from "../../i18n/en-history.ts";

const choices = ["none", "recent", "all"] as const satisfies readonly HistoryChoice[];

interface HistoryChoiceProps {
  choice: HistoryChoice;
  onChoice: (choice: HistoryChoice) => void;
}

/** What people who come into a group may read of what was said before. */
export function ChooseHistory({ choice, onChoice }: HistoryChoiceProps) {
  const name = useId();
  return (
    <fieldset class="segments">
      <legend class="section-title">{historyText.title}</legend>
      <div class="segments-row">
        {choices.map((value) => (
          <label key={value} class="segment">
            <input
              type="radio"
              name={name}
              value={value}
              checked={choice === value}
              onChange={() => onChoice(value)}
            />
            <span>{historyText.choices[value]}</span>
          </label>
        ))}
      </div>
      <small aria-live="polite">{historyText.hints[choice]}</small>
    </fieldset>
  );
}
