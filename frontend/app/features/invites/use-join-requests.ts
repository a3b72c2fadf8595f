import { useCallback, useEffect, useState } from "preact/hooks";
import type { JoinRequestView } from "#core/client-api.ts";
import type { ConversationId } from "#schema/ids.ts";
import { useApp } from "../../state/context.ts";
import { isWatched } from "../../state/watching.ts";

/** Nobody is rung by strangers: who looks at the group asks again this often. */
const repeatMs = 20_000;

/** Who asks to be let in, for those who may let them in; nobody while it cannot be known. */
export function useJoinRequests(
  conversationId: ConversationId,
  enabled: boolean,
): { readonly requests: readonly JoinRequestView[]; readonly read: () => void } {
  const { client } = useApp();
  const [requests, setRequests] = useState<readonly JoinRequestView[]>([]);
  const read = useCallback(() => {
    if (!enabled) return;
    client.api.joinRequests(conversationId).then(setRequests, () => undefined); // asked again soon
  }, [client, conversationId, enabled]);
  useEffect(() => {
    if (!enabled) {
      setRequests([]);
      return undefined;
    }
    read();
    const timer = setInterval(() => {
      if (isWatched()) read();
    }, repeatMs);
    const stop = client.subscribe((event) => {
      if (event.type === "group" && event.conversationId === conversationId) read();
    });
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [client, conversationId, enabled, read]);
  return { requests, read };
}
