import { useEffect, useState } from "preact/hooks";
import type { GroupView } from "#core/client-api.ts";
import type { ConversationId } from "#schema/ids.ts";
import { useApp } from "../../state/context.ts";

export type GroupReading = GroupView | "loading" | "failed";

/** A group as it is now, read again whenever the client says that it changed. */
export function useGroup(conversationId: ConversationId): GroupReading {
  const { client } = useApp();
  const [reading, setReading] = useState<GroupReading>("loading");
  useEffect(() => {
    let isCurrent = true;
    const show = (next: GroupReading): void => {
      if (isCurrent)
        setReading((before) => (next === "failed" && typeof before === "object" ? before : next));
    };
    const read = (): void => {
      client.api.group(conversationId).then(show, () => show("failed"));
    };
    setReading("loading");
    read();
    const stop = client.subscribe((event) => {
      if (event.type === "group" && event.conversationId === conversationId) read();
    });
    return () => {
      isCurrent = false;
      stop();
    };
  }, [client, conversationId]);
  return reading;
}
