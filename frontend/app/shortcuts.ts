import { neighbour } from "./features/chat-list/row-view.ts";
import type { App } from "./state/app.ts";
import { isSheet, openConversationOf } from "./state/router.ts";

/** Keys that work everywhere in the messenger. Dialogs close themselves on Escape. */
export function handleShortcut(event: KeyboardEvent, app: App): void {
  const { router } = app;
  const { route } = router.place.peek();
  const open = openConversationOf(router.place.peek());
  const hasCommand = (event.ctrlKey || event.metaKey) && !event.altKey;
  const account = app.account.peek();
  if (hasCommand && event.shiftKey && event.key.toLowerCase() === "l") {
    if (account?.state !== "signed_in" || account.isLockable !== true) return;
    event.preventDefault();
    void app.lock();
    return;
  }
  if (hasCommand && !event.shiftKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (route.name === "new") router.leave();
    else router.go({ name: "new" });
    return;
  }
  if (isSheet(route) || event.isComposing) return;
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    const ids = (app.conversations.peek() ?? []).map((view) => view.conversationId);
    const next = neighbour(ids, open, event.key === "ArrowDown" ? 1 : -1);
    const conversationId = ids.find((id) => id === next);
    if (conversationId !== undefined) {
      router.go({ name: "chat", conversationId }, { replace: open !== undefined });
    }
    return;
  }
  // One layer at a time: what lies over the chat closes first.
  if (document.querySelector("dialog[open]") !== null) return;
  if (event.key === "Escape" && open !== undefined && !event.defaultPrevented) {
    router.leave();
  }
}
