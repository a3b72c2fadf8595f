import "./groups.css";
import type { GroupConversationView } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { GroupAvatar } from "./group-avatar.tsx";
import { membersLine } from "./rules.ts";
import { useGroup } from "./use-group.ts";

/** Who the chat is with, in its head; leads to everything known of the group, and back. */
export function GroupWho({ view }: { view: GroupConversationView }) {
  const { router } = useApp();
  const reading = useGroup(view.conversationId);
  const members = typeof reading === "object" ? reading.members : undefined;
  const isOpen = router.place.value.route.name === "group";
  const { conversationId } = view;
  const title = view.title || text.groups.unnamed;
  return (
    <div class="group-who">
      <GroupAvatar group={view} size="s" />
      <div class="chat-who">
        <h1 class="chat-name">
          <button
            type="button"
            class="group-title ellipsis"
            aria-label={text.groups.openInfo(title)}
            aria-expanded={isOpen}
            onClick={() => (isOpen ? router.leave() : router.go({ name: "group", conversationId }))}
          >
            <bdi>{title}</bdi>
          </button>
        </h1>
        <p class="chat-presence ellipsis">{membersLine(members, view.memberCount)}</p>
      </div>
    </div>
  );
}
