/** Everything about files while a device is signed in. */
import { type ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { SottoError } from "#schema/errors.ts";
import type { SessionCall } from "../api/session-api.ts";
import type { Tokens } from "../api/tokens.ts";
import { type AttachmentRef, type ClientEvent, ClientError } from "../client-api.ts";
import type { Environment } from "../environment.ts";
import type { BlobStore } from "../store/blob-store.ts";
import type { Records } from "../store/records.ts";
import { messageKey, messageTable, type StoredAttachment } from "../store/tables.ts";
import type { Self } from "../sync/self.ts";
import type { Timeline } from "../sync/timeline.ts";
import { BlobCache } from "./blob-cache.ts";
import { BlobTransfers } from "./blob-transfers.ts";
import { Downloads } from "./downloads.ts";
import { FileRanges } from "./file-ranges.ts";
import type { PictureTools } from "./group-pictures.ts";
import { blobNameOf } from "./stored-attachment.ts";
import { Uploads } from "./uploads.ts";

/** How long an answer about the server's limits is believed. */
const allowanceMs = 600_000;

/** Fetched with the first group that has one. */
const pictures = () => import("./group-pictures.ts");

export interface AttachmentsContext {
  readonly environment: Environment;
  readonly records: Records;
  readonly blobs: BlobStore;
  readonly tokens: Tokens;
  readonly call: SessionCall;
  readonly self: Self;
  readonly timeline: Timeline;
  readonly emit: (event: ClientEvent) => void;
  readonly handedOver: (conversationId: ConversationId) => void;
}

export class Attachments {
  readonly uploads: Uploads;
  readonly #context: AttachmentsContext;
  readonly #cache: BlobCache;
  readonly #transfers: BlobTransfers;
  readonly #downloads: Downloads;
  readonly #ranges: FileRanges;
  readonly #pictureTools: PictureTools;
  #allowance: { readonly maxFileBytes: number; readonly atMs: number } | undefined;

  constructor(context: AttachmentsContext) {
    const { environment, records, self, emit, handedOver } = context;
    this.#context = context;
    this.#cache = new BlobCache(records, context.blobs, environment.nowMs);
    this.#transfers = new BlobTransfers(environment, context.tokens, context.call);
    const parts = { environment, emit, cache: this.#cache, transfers: this.#transfers };
    this.uploads = new Uploads({ ...parts, records, self, handedOver });
    this.#downloads = new Downloads({ ...parts, provider: self.provider });
    this.#ranges = new FileRanges(self.provider, this.#cache, this.#transfers);
    this.#pictureTools = { ...parts, provider: self.provider, ranges: this.#ranges };
  }

  async load(): Promise<void> {
    await Promise.all([this.#cache.load(), this.uploads.load()]);
  }

  start(): void {
    this.uploads.start();
    this.#cache.sweep().catch(() => undefined); // at the next start
  }

  stop(): void {
    this.uploads.stop();
    this.#downloads.stop();
  }

  /** The network is back. */
  wake(): void {
    this.uploads.wake();
    this.#downloads.wake();
  }

  /** Offline it is what was said last, or what servers allow unless told otherwise. */
  async maxFileBytes(): Promise<number> {
    const nowMs = this.#context.environment.nowMs();
    if (this.#allowance === undefined || nowMs - this.#allowance.atMs > allowanceMs) {
      try {
        const { maxFileBytes } = await this.#transfers.allowance();
        this.#allowance = { maxFileBytes, atMs: nowMs };
      } catch (error) {
        if (!(error instanceof SottoError)) throw error;
      }
    }
    return this.#allowance?.maxFileBytes ?? limits.maxFileBytes;
  }

  isLocal(conversationId: ConversationId, attachment: StoredAttachment): boolean {
    return this.#cache.isWhole(blobNameOf(this.#context.self.provider, conversationId, attachment));
  }

  async download(ref: AttachmentRef): Promise<void> {
    await this.#downloads.download(ref, await this.#find(ref));
  }

  async cancelDownload(ref: AttachmentRef): Promise<void> {
    this.#downloads.cancel(ref, await this.#find(ref));
  }

  async read(ref: AttachmentRef, from: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#ranges.read(ref.conversationId, await this.#find(ref), from, length);
  }

  /** The picture of a group, on the server when it resolves; see group-pictures.ts, also for what both throw. */
  async uploadPicture(conversationId: ConversationId, picture: Blob): Promise<StoredAttachment> {
    return (await pictures()).uploadPicture(this.#pictureTools, conversationId, picture);
  }

  async readPicture(
    conversationId: ConversationId,
    picture: StoredAttachment,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return (await pictures()).readPicture(this.#pictureTools, conversationId, picture);
  }

  /** The pointer, from wherever the message is now: on its way, or in its place. Throws `ClientError` `file_gone`. */
  async #find({ conversationId, clientMessageId, seq, index }: AttachmentRef): Promise<StoredAttachment> {
    const { records, timeline } = this.#context;
    const unsent = [...this.uploads.of(conversationId), ...timeline.outbox(conversationId)].find(
      (row) => row.clientMessageId === clientMessageId,
    );
    const stored =
      unsent === undefined && seq !== undefined
        ? await records.read(messageTable, messageKey(conversationId, seq))
        : undefined;
    const content = stored?.clientMessageId === clientMessageId ? stored.content : undefined;
    const sent = content?.type === "attachments" ? content.attachments : undefined;
    const found = (unsent?.attachments ?? sent)?.[index];
    if (found === undefined) throw new ClientError("file_gone");
    return found;
  }
}
