import { type ReadonlySignal, useComputed } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { ConversationId } from "#schema/ids.ts";
import { useApp } from "../../state/context.ts";
import { type KeyChange, keyChangesIn } from "../../state/trust-in.ts";

/** Every event makes new views of all conversations; the lines of one are drawn again only when one was added. */
export function useKeyChanges(conversationId: ConversationId): ReadonlySignal<readonly KeyChange[]> {
  const { conversations } = useApp();
  const latestRef = useRef<readonly KeyChange[]>([]);
  return useComputed(() => {
    const view = conversations.value?.find((one) => one.conversationId === conversationId);
    const found = view === undefined ? [] : keyChangesIn(view);
    if (JSON.stringify(found) !== JSON.stringify(latestRef.current)) latestRef.current = found;
    return latestRef.current;
  });
}
