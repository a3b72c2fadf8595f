import { useCallback, useEffect, useState } from "preact/hooks";
import type { JoinRequestView } from "#core/client-api.ts";
import type { ConversationId } from "#schema/ids.ts";
import { useApp } from "../../state/context.ts";

/** Who asks to be let in, for those who may let them in; nobody while it cannot be known. */
export function useJoinRequests(
  conversationId: ConversationId,
  enabled: boolean,
): { readonly requests: readonly JoinRequestView[]; readonly read: () => void } {
  const { client, connection } = useApp();
  // Changes are told to who is there; who was away asks.
  const isOnline = connection.value.state === "online";
  const [requests, setRequests] = useState<readonly JoinRequestView[]>([]);
  const read = useCallback(() => {
    if (!enabled) return;
    client.api.joinRequests(conversationId).then(setRequests, () => undefined); // asked again when there is a connection
  }, [client, conversationId, enabled]);
  useEffect(() => {
    if (!enabled) {
      setRequests([]);
      return undefined;
    }
    read();
    return client.subscribe((event) => {
      const isGroup = event.type === "group" && event.conversationId === conversationId;
      if (isGroup || event.type === "joins") read();
    });
  }, [client, conversationId, enabled, isOnline, read]);
  return { requests, read };
}
