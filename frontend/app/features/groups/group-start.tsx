import "./groups.css";
import type { GroupConversationView } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { Icon } from "../../ui/icons.tsx";
import { GroupAvatar } from "./group-avatar.tsx";
import { isAdmin } from "./rules.ts";

/** The card at the very beginning of a group's log. */
export function GroupStart({ view }: { view: GroupConversationView }) {
  const { router } = useApp();
  const { conversationId, memberCount } = view;
  return (
    <div class="group-start">
      <GroupAvatar group={view} size="l" />
      <strong>
        <bdi>{view.title || text.groups.unnamed}</bdi>
      </strong>
      <span>{text.groups.start.by(memberCount)}</span>
      {view.membership === "member" && (
        <button
          type="button"
          class="button button-quiet"
          onClick={() => router.go({ name: "group", conversationId })}
        >
          <Icon name={isAdmin(view.myRole) ? "personAdd" : "info"} />
          {isAdmin(view.myRole) ? text.groups.start.add : text.groups.start.info}
        </button>
      )}
    </div>
  );
}
