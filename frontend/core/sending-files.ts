/** What is made of files before they are sealed. Fetched with the first file. */
import type { ClientMessageId, ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { cleanMime } from "./attachments/file-name.ts";
import { withoutMetadata } from "./attachments/metadata/strip.ts";
import { type ClientApi, ClientError, type OutgoingFile } from "./client-api.ts";
import { nameMaxChars, previewMaxBytes } from "./crypto/attachment/pointer.ts";
import { assertSendable } from "./sending.ts";
import type { Engine } from "./sync/engine.ts";

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
