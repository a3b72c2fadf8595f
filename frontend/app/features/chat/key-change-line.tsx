import type { PersonView } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { Icon } from "../../ui/icons.tsx";

interface KeyChangeLineProps {
  person: PersonView;
  onOpen: (person: PersonView) => void;
}

export function KeyChangeLine({ person, onOpen }: KeyChangeLineProps) {
  return (
    <li class="line-key-change">
      <button type="button" onClick={() => onOpen(person)}>
        <Icon name="key" />
        {text.chat.keyChanged(person.username || text.groups.someone)} <u>{text.chat.keyChangedMore}</u>
      </button>
    </li>
  );
}
