/** What is checked before something is sent, and what goes when it is not to be sent after all. */
import type { ClientMessageId, ConversationId } from "#schema/ids.ts";
import { ClientError } from "./client-api.ts";
import type { Engine } from "./sync/engine.ts";

/** Throws `ClientError` `message_too_long` or `identity_changed`. */
export function assertSendable(
  { timeline }: Engine,
  conversationId: ConversationId,
  text: string,
  maxBytes: number,
): void {
  if (new TextEncoder().encode(text).length > maxBytes) throw new ClientError("message_too_long");
  const isBlocked = timeline.outbox(conversationId).some(({ failure }) => failure === "identity_changed");
  if (isBlocked) throw new ClientError("identity_changed");
}

/** Removes an unsent message, and its files from wherever they are already. */
export async function discardMessage(
  { outbox, timeline, attachments }: Engine,
  conversationId: ConversationId,
  id: ClientMessageId,
): Promise<void> {
  if (await attachments.uploads.discard(conversationId, id)) return;
  const row = timeline.outbox(conversationId).find(({ clientMessageId }) => clientMessageId === id);
  await outbox.discard(conversationId, id);
  // A frame may be on the wire: then the message may arrive, and its files have to be there.
  if (row?.attachments === undefined || (row.frame !== undefined && row.failure === undefined)) return;
  await attachments.uploads.forgetFiles(conversationId, row.attachments);
}
