import "./invites.css";
import { useEffect, useState } from "preact/hooks";
import type { PendingJoinView } from "#core/client-api.ts";
import type { ConversationId } from "#schema/ids.ts";
import { inviteText } from "../../i18n/en-invites.ts";
import { useApp } from "../../state/context.ts";
import { Icon } from "../../ui/icons.tsx";

/** Above the chats: what this account asked to be let into, and what became of it. */
export function PendingJoins() {
  const { client, connection, conversations } = useApp();
  const [joins, setJoins] = useState<readonly PendingJoinView[]>([]);
  const isOnline = connection.value.state === "online";
  const count = conversations.value?.length;

  useEffect(() => {
    let isCurrent = true;
    const read = (): void => {
      client.api.pendingJoins().then(
        (found) => (isCurrent ? setJoins(found) : undefined),
        () => undefined, // asked again when there is a connection
      );
    };
    read();
    const stop = client.subscribe((event) => {
      if (event.type === "joins") read();
    });
    return () => {
      stop();
      isCurrent = false;
    };
  }, [client, isOnline, count]);

  async function forget(conversationId: ConversationId): Promise<void> {
    setJoins(joins.filter((join) => join.conversationId !== conversationId));
    await client.api.forgetJoin(conversationId).catch(() => undefined); // it shows again then
  }

  if (joins.length === 0) return null;
  return (
    <ul class="pending-joins">
      {joins.map(({ conversationId, state, title }) => (
        <li key={conversationId}>
          <Icon name={state === "waiting" ? "people" : "info"} />
          <output>{inviteText.pending[state](title || inviteText.join.unnamed)}</output>
          <button
            type="button"
            class="icon-button"
            aria-label={state === "waiting" ? inviteText.pending.withdraw : inviteText.pending.dismiss}
            title={state === "waiting" ? inviteText.pending.withdraw : inviteText.pending.dismiss}
            onClick={() => void forget(conversationId)}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}
