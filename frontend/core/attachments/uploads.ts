/**
 * Messages with files on their way to the server. The files are sealed first; from then on everything needed is on this
 * device, sealed, so that an upload goes on after a restart from the parts that the server has. The message itself is
 * handed to the outbox when its files are complete (SPEC AT20).
 */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import type { AttachmentId, ClientMessageId, ConversationId } from "#schema/ids.ts";
import { type ClientEvent, ClientError, type OutgoingFile } from "../client-api.ts";
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import {
  blobTable,
  type StoredAttachment,
  uploadKey,
  type UploadRecord,
  uploadTable,
} from "../store/tables.ts";
import { Pump } from "../sync/lane.ts";
import { createMessageId, type Self } from "../sync/self.ts";
import { writeOwnMessage } from "../sync/text-sealer.ts";
import type { BlobCache } from "./blob-cache.ts";
import type { BlobTransfers } from "./blob-transfers.ts";
import type { HeadStart } from "./head-start.ts";
import { PartProgress, Progress } from "./progress.ts";
import { Retrying } from "./retrying.ts";
import { blobNameOf } from "./stored-attachment.ts";

const retryAfterFaultMs = 5_000;

export interface UploadsContext {
  readonly environment: Environment;
  readonly records: Records;
  readonly self: Self;
  readonly cache: BlobCache;
  readonly transfers: BlobTransfers;
  readonly emit: (event: ClientEvent) => void;
  /** A message is in the outbox now. */
  readonly handedOver: (conversationId: ConversationId) => void;
}

export class Uploads {
  readonly #context: UploadsContext;
  readonly #retrying: Retrying;
  readonly #rows = new Map<string, UploadRecord>();
  readonly #pump = new Pump(() => this.#run());
  readonly #headStarts = new Map<AttachmentId, HeadStart>();
  #current: { readonly key: string; readonly abort: AbortController } | undefined;
  #stopped = false;

  constructor(context: UploadsContext) {
    this.#context = context;
    this.#retrying = new Retrying(context.environment);
    context.records.watch(uploadTable, (key, row) => {
      const before = this.#rows.get(key);
      if (row === undefined) this.#rows.delete(key);
      else this.#rows.set(key, row);
      const conversationId = (row ?? before)?.conversationId;
      if (conversationId === undefined) return;
      context.emit({ type: "messages", conversationId });
      context.emit({ type: "conversations" });
    });
  }

  async load(): Promise<void> {
    for (const { key, value } of await this.#context.records.list(uploadTable)) this.#rows.set(key, value);
  }

  /** Unfinished messages of a conversation, in the order in which they were begun. */
  of(conversationId: ConversationId): readonly UploadRecord[] {
    return [...this.#rows.values()]
      .filter((row) => row.conversationId === conversationId)
      .sort((a, b) => a.startedAtMs - b.startedAtMs);
  }

  /** Goes on with what an earlier run left behind. */
  start(): void {
    this.#stopped = false;
    void this.#pump.request();
  }

  stop(): void {
    this.#stopped = true;
    this.#current?.abort.abort();
    for (const headStart of this.#headStarts.values()) headStart.breakOff();
  }

  wake(): void {
    this.#retrying.wake();
  }

  /** Durable when it resolves. Throws `ClientError` `file_unreadable`, and `StoreError`; then nothing is kept. */
  async add(
    conversationId: ConversationId,
    text: string,
    files: readonly OutgoingFile[],
  ): Promise<ClientMessageId> {
    const { self, cache, records } = this.#context;
    const clientMessageId = createMessageId(self.provider);
    const startedAtMs = self.nowMs();
    const attachments: StoredAttachment[] = [];
    const headStarts: HeadStart[] = [];
    const { sealFile } = await import("./sealing.ts");
    try {
      for (const { file, preview, ...about } of files) {
        const headStart = await this.#headStart(conversationId);
        if (headStart !== undefined) headStarts.push(headStart);
        const sealed = await sealFile(self.provider, cache.blobs, conversationId, file, headStart);
        attachments.push({ ...about, ...sealed, ...(preview && { preview: encodeBase64url(preview) }) });
      }
      await records.transact(async (transaction) => {
        for (const attachment of attachments) {
          const { blobBytes } = attachment;
          const name = blobNameOf(self.provider, conversationId, attachment);
          transaction.insert(blobTable, name, { blobBytes, state: "upload", usedAtMs: startedAtMs });
        }
        const row = { conversationId, clientMessageId, startedAtMs, text, attachments, completed: 0 };
        transaction.insert(uploadTable, uploadKey(conversationId, clientMessageId), row);
      });
    } catch (error) {
      for (const headStart of headStarts) void headStart.undo();
      for (const attachment of attachments) await this.#deletePieces(conversationId, attachment);
      throw error;
    }
    void this.#pump.request();
    return clientMessageId;
  }

  /** Tries a failed one again. */
  async retry(conversationId: ConversationId, id: ClientMessageId): Promise<void> {
    await this.#change(uploadKey(conversationId, id), ({ failure: _failure, ...row }) => row);
    void this.#pump.request();
  }

  /** Ends an upload and forgets its files, here and on the server. False when there is no such upload. */
  async discard(conversationId: ConversationId, id: ClientMessageId): Promise<boolean> {
    const key = uploadKey(conversationId, id);
    const row = this.#rows.get(key);
    if (row === undefined) return false;
    await this.#context.records.transact(async (transaction) => {
      if ((await transaction.get(uploadTable, key)) !== undefined) transaction.delete(uploadTable, key);
    });
    if (this.#current?.key === key) this.#current.abort.abort();
    await this.forgetFiles(conversationId, row.attachments);
    return true;
  }

  /** Files of a message that will never be sent. What cannot be deleted now, the server removes by itself or keeps. */
  async forgetFiles(conversationId: ConversationId, attachments: readonly StoredAttachment[]): Promise<void> {
    for (const attachment of attachments) {
      await this.#context.cache.remove(blobNameOf(this.#context.self.provider, conversationId, attachment));
      this.#takeOver(attachment)?.breakOff();
      const place = { conversationId, attachmentId: attachment.attachmentId };
      this.#context.transfers.delete(place).catch(() => undefined); // as said above
    }
  }

  /** Not beside another upload, which would have to wait longer for it. */
  async #headStart(conversationId: ConversationId): Promise<HeadStart | undefined> {
    if (this.#current !== undefined || this.#stopped) return undefined;
    const { HeadStart } = await import("./head-start.ts");
    const { transfers, cache } = this.#context;
    return new HeadStart({ transfers, blobs: cache.blobs, known: this.#headStarts }, conversationId);
  }

  /** The head start that a file had, once. */
  #takeOver({ attachmentId }: StoredAttachment): HeadStart | undefined {
    const headStart = this.#headStarts.get(attachmentId);
    this.#headStarts.delete(attachmentId);
    return headStart;
  }

  async #run(): Promise<void> {
    for (;;) {
      const next = [...this.#rows]
        .sort(([, a], [, b]) => a.startedAtMs - b.startedAtMs)
        .find(([, { failure }]) => failure === undefined);
      if (next === undefined || this.#stopped) return;
      const [key, row] = next;
      const abort = new AbortController();
      this.#current = { key, abort };
      try {
        await this.#upload(row, abort.signal);
      } catch (error) {
        if (abort.signal.aborted) continue;
        await this.#failed(key, error);
        if (this.#rows.get(key)?.failure === undefined && this.#rows.has(key)) return;
      } finally {
        this.#current = undefined;
      }
    }
  }

  async #upload(row: UploadRecord, signal: AbortSignal): Promise<void> {
    const { conversationId, clientMessageId } = row;
    const key = uploadKey(conversationId, clientMessageId);
    for (const [index, attachment] of row.attachments.entries()) {
      if (index < row.completed) continue;
      const { sizeBytes: fileBytes, blobBytes } = attachment;
      const { emit, environment } = this.#context;
      const ref = { conversationId, clientMessageId, index };
      const progress = new Progress(ref, { fileBytes, blobBytes }, emit, environment.nowMs);
      progress.tell("running");
      await this.#retrying.run(() => this.#uploadFile(conversationId, attachment, progress, signal), {
        signal,
        waiting: () => progress.tell("waiting"),
      });
      await this.#change(key, (before) => ({ ...before, completed: index + 1 }));
      progress.tell("done");
    }
    await this.#handOver(key);
    this.#context.handedOver(conversationId);
  }

  async #uploadFile(
    conversationId: ConversationId,
    attachment: StoredAttachment,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<void> {
    const { transfers, cache, self } = this.#context;
    const { attachmentId, blobBytes } = attachment;
    const place = { conversationId, attachmentId };
    const name = blobNameOf(self.provider, conversationId, attachment);
    const parts = new PartProgress(progress);
    const moved = (part: number, bytes: number): void => parts.moved(part, bytes);
    await this.#takeOver(attachment)?.handOver(signal, moved);
    const { uploadSealed } = await import("./sending-parts.ts");
    await uploadSealed(transfers, cache.blobs, { place, name, blobBytes, signal, moved });
  }

  /** The message takes its place among the others now, at the end of the outbox. */
  async #handOver(key: string): Promise<void> {
    const { records, self } = this.#context;
    await records.transact(async (transaction) => {
      const row = await transaction.get(uploadTable, key);
      if (row === undefined) return;
      const { conversationId, clientMessageId, text, attachments } = row;
      await writeOwnMessage(transaction, self, { conversationId, clientMessageId, text, attachments });
      transaction.delete(uploadTable, key);
      for (const attachment of attachments) {
        const name = blobNameOf(self.provider, conversationId, attachment);
        const blob = await transaction.get(blobTable, name);
        if (blob !== undefined) transaction.put(blobTable, name, { ...blob, state: "whole" });
      }
    });
  }

  async #failed(key: string, error: unknown): Promise<void> {
    const failure = failureOf(error);
    if (failure === undefined) {
      this.#context.environment.setTimer(retryAfterFaultMs, () => void this.#pump.request());
      return;
    }
    await this.#change(key, (row) => ({ ...row, failure })).catch(() => undefined); // tried again at the next start
  }

  async #change(key: string, change: (row: UploadRecord) => UploadRecord): Promise<void> {
    await this.#context.records.transact(async (transaction) => {
      const row = await transaction.get(uploadTable, key);
      if (row !== undefined) transaction.put(uploadTable, key, change(row));
    });
  }

  async #deletePieces(conversationId: ConversationId, attachment: StoredAttachment): Promise<void> {
    const name = blobNameOf(this.#context.self.provider, conversationId, attachment);
    await this.#context.cache.blobs.delete(name).catch(() => undefined); // swept at the next start
  }
}

/** Undefined: a full disk, a session that is being renewed; tried again later. */
function failureOf(error: unknown): UploadRecord["failure"] {
  if (error instanceof ClientError) return "refused";
  if (!(error instanceof SottoError)) return undefined;
  if (error.kind === "too_large" || error.kind === "quota_exceeded") return error.kind;
  return error.remedy === "give_up" || error.remedy === "upgrade" ? "refused" : undefined;
}
