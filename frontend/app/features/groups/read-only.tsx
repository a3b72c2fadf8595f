import "./groups.css";
import type { GroupConversationView } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { Icon } from "../../ui/icons.tsx";

/** In the composer's place where nothing can be written any more. */
export function ReadOnlyLine({ membership }: { membership: "removed" | "left" | "dissolved" }) {
  return (
    <p class="read-only" role="note">
      {text.groups.readOnly[membership]}
    </p>
  );
}

/** Above the composer while messages wait for a contradiction to end. */
export function ContradictionNote({ view }: { view: GroupConversationView }) {
  if (!view.isContradicted || view.membership !== "member") return null;
  return (
    <output class="notice contradiction">
      <Icon name="warning" />
      {text.groups.contradicted}
    </output>
  );
}
