/** Uploads, attachments and what they use of each account's quota, in the directory database. */
import type { AccountId, AttachmentId, ConversationId } from "#schema/ids.ts";
import { query } from "./directory.ts";

/** One attachment of one conversation: ids are chosen by clients, so they count only together. */
export interface AttachmentKey {
  readonly conversation: ConversationId;
  readonly attachment: AttachmentId;
}

export interface Upload extends AttachmentKey {
  readonly account: AccountId;
  readonly uploadId: string;
  readonly blobBytes: number;
}

export interface UploadedPart {
  readonly partNumber: number;
  readonly etag: string;
}

interface UploadRow {
  readonly conversation_id: ConversationId;
  readonly attachment_id: AttachmentId;
  readonly account_id: AccountId;
  readonly upload_id: string;
  readonly blob_bytes: number;
}

const isIt = "conversation_id = ? AND attachment_id = ?";

export class MediaLedger {
  readonly #database: D1Database;

  constructor(database: D1Database) {
    this.#database = database;
  }

  async usedBytes(account: AccountId): Promise<number> {
    return (
      (await this.#first<{ bytes: number }>("SELECT bytes FROM media_usage WHERE account_id = ?", account))
        ?.bytes ?? 0
    );
  }

  async openUploads(account: AccountId): Promise<number> {
    return (
      (await this.#first<{ n: number }>("SELECT count(*) AS n FROM uploads WHERE account_id = ?", account))
        ?.n ?? 0
    );
  }

  async upload({ conversation, attachment }: AttachmentKey): Promise<Upload | undefined> {
    const row = await this.#first<UploadRow>(`SELECT * FROM uploads WHERE ${isIt}`, conversation, attachment);
    return row === null ? undefined : uploadOf(row);
  }

  async attachment({
    conversation,
    attachment,
  }: AttachmentKey): Promise<{ readonly account: AccountId; readonly blobBytes: number } | undefined> {
    const sql = `SELECT account_id, blob_bytes FROM attachments WHERE ${isIt}`;
    const row = await this.#first<UploadRow>(sql, conversation, attachment);
    return row === null ? undefined : { account: row.account_id, blobBytes: row.blob_bytes };
  }

  /** False when the quota does not hold it, or when someone was faster with the same id. */
  async addUpload(upload: Upload, quotaBytes: number, nowMs: number): Promise<boolean> {
    const { conversation, attachment, account, uploadId, blobBytes } = upload;
    const [added] = await this.#batch([
      this.#sql(
        `INSERT INTO uploads SELECT ?1, ?2, ?3, ?4, ?5, ?6
         WHERE coalesce((SELECT bytes FROM media_usage WHERE account_id = ?3), 0) + ?5 <= ?7
         ON CONFLICT DO NOTHING`,
        conversation,
        attachment,
        account,
        uploadId,
        blobBytes,
        nowMs,
        quotaBytes,
      ),
      this.#sql(
        `INSERT INTO media_usage SELECT ?1, ?2 WHERE changes() > 0
         ON CONFLICT (account_id) DO UPDATE SET bytes = bytes + excluded.bytes`,
        account,
        blobBytes,
      ),
    ]);
    return (added?.meta.changes ?? 0) > 0;
  }

  async parts({ conversation, attachment }: AttachmentKey): Promise<UploadedPart[]> {
    const sql = `SELECT part AS partNumber, etag FROM upload_parts WHERE ${isIt} ORDER BY part`;
    return (await query(() => this.#sql(sql, conversation, attachment).all<UploadedPart>())).results;
  }

  async addPart(key: AttachmentKey, { partNumber, etag }: UploadedPart, nowMs: number): Promise<void> {
    const { conversation, attachment } = key;
    await this.#batch([
      this.#sql(
        `INSERT INTO upload_parts SELECT ?1, ?2, ?3, ?4
         WHERE EXISTS (SELECT 1 FROM uploads WHERE conversation_id = ?1 AND attachment_id = ?2)
         ON CONFLICT (conversation_id, attachment_id, part) DO UPDATE SET etag = excluded.etag`,
        conversation,
        attachment,
        partNumber,
        etag,
      ),
      this.#sql(`UPDATE uploads SET touched_at_ms = ? WHERE ${isIt}`, nowMs, conversation, attachment),
    ]);
  }

  /** The bucket lost the upload: it begins anew under another upload id. */
  async restart({ conversation, attachment }: AttachmentKey, uploadId: string): Promise<void> {
    await this.#batch([
      this.#sql(`UPDATE uploads SET upload_id = ? WHERE ${isIt}`, uploadId, conversation, attachment),
      this.#sql(`DELETE FROM upload_parts WHERE ${isIt}`, conversation, attachment),
    ]);
  }

  async complete({ conversation, attachment }: AttachmentKey, nowMs: number): Promise<void> {
    await this.#batch([
      this.#sql(
        `INSERT INTO attachments SELECT conversation_id, attachment_id, account_id, blob_bytes, ?3 FROM uploads
         WHERE conversation_id = ?1 AND attachment_id = ?2 ON CONFLICT DO NOTHING`,
        conversation,
        attachment,
        nowMs,
      ),
      this.#sql(`DELETE FROM uploads WHERE ${isIt}`, conversation, attachment),
      this.#sql(`DELETE FROM upload_parts WHERE ${isIt}`, conversation, attachment),
    ]);
  }

  /** Forgets an upload or an attachment, and gives its bytes back to the account. */
  async remove({ conversation, attachment }: AttachmentKey): Promise<void> {
    await this.#batch([
      ...["uploads", "attachments"].map((table) =>
        this.#sql(
          `UPDATE media_usage SET bytes = bytes - gone.blob_bytes
           FROM (SELECT account_id, blob_bytes FROM ${table} WHERE ${isIt}) AS gone
           WHERE media_usage.account_id = gone.account_id`,
          conversation,
          attachment,
        ),
      ),
      ...["uploads", "attachments", "upload_parts"].map((table) =>
        this.#sql(`DELETE FROM ${table} WHERE ${isIt}`, conversation, attachment),
      ),
    ]);
  }

  /** Uploads that nobody went on with. */
  async abandoned(beforeMs: number, limit: number): Promise<Upload[]> {
    const sql = "SELECT * FROM uploads WHERE touched_at_ms < ? ORDER BY touched_at_ms LIMIT ?";
    return (await query(() => this.#sql(sql, beforeMs, limit).all<UploadRow>())).results.map(uploadOf);
  }

  #sql(text: string, ...values: readonly (string | number)[]): D1PreparedStatement {
    return this.#database.prepare(text).bind(...values);
  }

  #first<Row>(text: string, ...values: readonly (string | number)[]): Promise<Row | null> {
    return query(() => this.#sql(text, ...values).first<Row>());
  }

  #batch(statements: readonly D1PreparedStatement[]): Promise<D1Result[]> {
    return query(() => this.#database.batch([...statements]));
  }
}

function uploadOf(row: UploadRow): Upload {
  return {
    conversation: row.conversation_id,
    attachment: row.attachment_id,
    account: row.account_id,
    uploadId: row.upload_id,
    blobBytes: row.blob_bytes,
  };
}
