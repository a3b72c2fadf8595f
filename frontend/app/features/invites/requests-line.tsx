import "./invites.css";
import type { ConversationId } from "#schema/ids.ts";
import { inviteText } from "../../i18n/en-invites.ts";
import { useApp } from "../../state/context.ts";
import { Icon } from "../../ui/icons.tsx";
import { useJoinRequests } from "./use-join-requests.ts";

/** Above the composer of a group whose admin looks at it. */
export function RequestsLine({ conversationId }: { conversationId: ConversationId }) {
  const { router } = useApp();
  const { requests } = useJoinRequests(conversationId, true);
  if (requests.length === 0) return null;
  return (
    <output class="requests-line">
      <Icon name="personAdd" />
      <span>{inviteText.requests(requests.length)}</span>
      <button type="button" class="text-link" onClick={() => router.go({ name: "group", conversationId })}>
        {inviteText.review}
      </button>
    </output>
  );
}
