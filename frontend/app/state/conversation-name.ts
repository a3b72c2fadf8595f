/** What a conversation is called, and what its picture is drawn from. */
import type { ConversationView } from "#core/client-api.ts";

export function nameOf(view: ConversationView): string {
  return view.kind === "direct" ? view.peer.username : view.title;
}

export function seedOf(view: ConversationView): string {
  return view.kind === "direct" ? view.peer.account : view.avatarSeed;
}
