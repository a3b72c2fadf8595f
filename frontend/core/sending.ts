/** What is checked before something is sent, and what goes when it is not to be sent after all. */
import type { ClientMessageId, ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { type ClientApi, ClientError, type OutgoingFile } from "./client-api.ts";
import { nameMaxChars, previewMaxBytes } from "./crypto/attachment/pointer.ts";
import { cleanMime } from "./attachments/file-name.ts";
import { withoutMetadata } from "./attachments/metadata/strip.ts";
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

/** Throws `ClientError` as `ClientApi.sendFiles` says. */
export async function sendFiles(
  engine: Engine,
  conversationId: ConversationId,
  { text, files }: Parameters<ClientApi["sendFiles"]>[1],
): Promise<ClientMessageId> {
  assertSendable(engine, conversationId, text, limits.captionBytes);
  if (files.length === 0 || files.length > limits.attachmentsPerMessage) {
    throw new ClientError("too_many_files");
  }
  const maxBytes = await engine.attachments.maxFileBytes();
  if (files.some(({ file }) => file.size > maxBytes)) throw new ClientError("file_too_large");
  const ready = await Promise.all(files.map(makeReady));
  return engine.attachments.uploads.add(conversationId, text, ready);
}

async function makeReady({ preview, file, ...about }: OutgoingFile): Promise<OutgoingFile> {
  return {
    ...about,
    file: await readable(file),
    name: about.name.slice(-nameMaxChars).toWellFormed(),
    mime: cleanMime(about.mime),
    ...(preview !== undefined && preview.length <= previewMaxBytes && { preview }),
  };
}

async function readable(file: Blob): Promise<Blob> {
  try {
    return await withoutMetadata(file);
  } catch (cause) {
    throw new ClientError("file_unreadable", { cause });
  }
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
